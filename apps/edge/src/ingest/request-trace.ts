import { type TraceContext, traceContextOf } from "@spillway/event";
import { inSpan, type Traces } from "@spillway/telemetry";
import { problemCodeOf } from "../respond.ts";

/** What a request's headers say of its trace, of which `within` is where it has a span. */
export const traceContextIn = (headers: Headers, within?: string): TraceContext => {
  const traceparent = headers.get("traceparent");
  const context = traceContextOf(traceparent, traceparent === null ? null : headers.get("tracestate"));
  return within === undefined ? context : { ...context, traceparent: within };
};

type Traced = { readonly headers: Headers; readonly batchOnly: boolean; readonly within?: string };
type Ingested<Received> = (request: Request, received: Received) => Promise<Response>;

/** With a span from a request's headers, once these are all right and its key is one of ours, to its answer. */
export const tracedIngest =
  <Received extends Traced>(ingest: Ingested<Received>, traces: Traces): Ingested<Received> =>
  (request, received) => {
    const { headers, batchOnly } = received;
    const route = batchOnly ? "/v1/batch" : "/v1/events";
    const attributes = { "http.request.method": "POST", "http.route": route };
    const span = traces.begin(`POST ${route}`, traceContextIn(headers).traceparent, attributes);
    if (span === null) return ingest(request, received);
    return inSpan(
      span,
      () => ingest(request, { ...received, within: span.traceparent }),
      (response) => ({
        attributes: { "http.response.status_code": response.status },
        failure: response.status >= 500 ? problemCodeOf(response) : undefined,
      }),
    );
  };
