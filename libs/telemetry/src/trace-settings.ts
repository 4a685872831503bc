export const samplerNames = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;

/** What traces are made by. What the exporter's own variables say (endpoint, headers, timeout, certificates) it reads itself. */
export type TraceSettings = {
  readonly sampler: (typeof samplerNames)[number];
  /** Of the samplers with a ratio: from 0 to 1. */
  readonly ratio: number;
  /** Spans of one name that are recorded in a second; the others are counted. */
  readonly spansPerSecondMax: number;
  /** Spans that wait for the collector; the others are counted. */
  readonly queueSpansMax: number;
  readonly batchSpansMax: number;
  /** From a span's end until it is sent, where no batch is full before. */
  readonly delayMs: number;
};
