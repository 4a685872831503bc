import type { TraceContext } from "./trace-context.ts";

const CONTENT_TYPE = "application/cloudevents+json; charset=UTF-8";

/** Ms since 1970, on records whose time is not that of their ingest. */
export const RECEIVED_AT = "spillway-received-at";
/** Where its event was in the streams: `shard/entry/index`. */
export const RECORD_ENTRY = "spillway-entry";

/**
 * The headers of a record of Kafka (libs/kafka/README.md), but for `RECEIVED_AT`. `spillway-attempt` counts lives, not publishes: a retry sends
 * the same record, a replayed dead letter the next.
 */
export const recordHeadersOf = (
  { traceparent, tracestate }: TraceContext,
  place: string,
  replay: number,
): Readonly<Record<string, string>> => {
  const attempt = replay === 0 ? "1" : String(replay + 1);
  const own = { "content-type": CONTENT_TYPE, [RECORD_ENTRY]: place, "spillway-attempt": attempt };
  if (traceparent === null) return own;
  return tracestate === undefined ? { ...own, traceparent } : { ...own, traceparent, tracestate };
};
