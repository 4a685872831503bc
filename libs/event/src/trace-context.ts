/*
 * W3C Trace Context: what is valid is passed on as it is, what is not is left out. Spans are the apps' (libs/telemetry).
 */
const LENGTH_MAX = 512;
const STATE_MEMBERS_MAX = 32;

const ID = "(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}";
/** Version ff and ids of zeros are invalid; a version of the future may have more behind what is known. */
const parent = new RegExp(`^(?:00-${ID}-[0-9a-f]{2}|(?!00|ff)[0-9a-f]{2}-${ID}-[0-9a-f]{2}(?:-[!-~]*)?)$`);

const KEY = "[a-z0-9][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13}";
/** Any printable ASCII but `,` and `=`; no space at the end. */
const stateMember = new RegExp(`^(?:${KEY})=[ -+--<>-~]{0,255}[!-+--<>-~]$`);

export type TraceContext = {
  readonly traceparent: string | null;
  /** Absent from most. Belongs to the traceparent it came with, and means nothing without it. */
  readonly tracestate?: string;
};

const isTraceparent = (value: unknown): value is string =>
  typeof value === "string" && value.length <= LENGTH_MAX && parent.test(value);

const isTracestate = (value: unknown): value is string => {
  if (typeof value !== "string" || value.length > LENGTH_MAX) return false;
  const members = value.split(",").map((member) => member.trim());
  const held = members.filter((member) => member !== "");
  return held.length > 0 && held.length <= STATE_MEMBERS_MAX && held.every((member) => stateMember.test(member));
};

const none: TraceContext = { traceparent: null };

/** What two headers, or two attributes, say. A wrong tracestate says nothing about its traceparent. */
export const traceContextOf = (traceparent: unknown, tracestate: unknown): TraceContext => {
  if (!isTraceparent(traceparent)) return none;
  return isTracestate(tracestate) ? { traceparent, tracestate } : { traceparent };
};
