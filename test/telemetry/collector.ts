import { parse } from "protobufjs";

/*
 * An OpenTelemetry collector as a process: takes OTLP over HTTP as protobuf and answers what it got as JSON. Of the published definition
 * (opentelemetry-proto 1, trace.proto and common.proto) it has what the tests look at, with the published numbers; the rest is skipped.
 */
const { root } = parse(`
  syntax = "proto3";
  message Request { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; SpanKind kind = 6;
    fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9; repeated Link links = 13; Status status = 15;
  }
  enum SpanKind { UNSPECIFIED = 0; INTERNAL = 1; SERVER = 2; CLIENT = 3; PRODUCER = 4; CONSUMER = 5; }
  message Link { bytes trace_id = 1; bytes span_id = 2; }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
`);
const type = root.lookupType("Request");

type Id = Uint8Array;
type Attributes = readonly { readonly key: string; readonly value: Readonly<Record<string, string | number>> }[];
type Span = {
  readonly traceId: Id;
  readonly spanId: Id;
  readonly parentSpanId?: Id;
  readonly name: string;
  readonly kind: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Attributes;
  readonly links: readonly { readonly traceId: Id; readonly spanId: Id }[];
  readonly status?: { readonly message?: string; readonly code?: number };
};
type Decoded = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Attributes };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
};

const hex = (id: Id | undefined): string => Buffer.from(id ?? []).toString("hex");
const recordOf = (attributes: Attributes) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

const spanOf = (span: Span, resource: Record<string, unknown>) => ({
  service: resource["service.name"],
  name: span.name,
  kind: span.kind.toLowerCase(),
  traceId: hex(span.traceId),
  spanId: hex(span.spanId),
  parentSpanId: hex(span.parentSpanId),
  links: span.links.map((link) => `${hex(link.traceId)}-${hex(link.spanId)}`),
  attributes: recordOf(span.attributes),
  failure: span.status?.code === 2 ? (span.status.message ?? "") : null,
  /** It ended not before it began. */
  isInOrder: BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano),
});

export type CollectedSpan = ReturnType<typeof spanOf>;

const spans: CollectedSpan[] = [];
const mediaTypes = new Set<string | null>();

const collect = (body: Uint8Array): void => {
  const decoded = type.toObject(type.decode(body), { enums: String, longs: String, arrays: true }) as Decoded;
  for (const { resource, scopeSpans } of decoded.resourceSpans)
    for (const span of scopeSpans.flatMap((scope) => scope.spans))
      spans.push(spanOf(span, recordOf(resource.attributes)));
};

Bun.serve({
  hostname: process.env.HOST,
  port: Number(process.env.PORT),
  routes: {
    "/livez": new Response("up"),
    "/spans": () => Response.json({ spans, mediaTypes: [...mediaTypes] }),
    "/v1/traces": {
      POST: async (request) => {
        const body = new Uint8Array(await request.arrayBuffer());
        mediaTypes.add(request.headers.get("content-type"));
        collect(request.headers.get("content-encoding") === "gzip" ? Bun.gunzipSync(body) : body);
        return new Response(new Uint8Array(), { headers: { "content-type": "application/x-protobuf" } });
      },
    },
  },
});
