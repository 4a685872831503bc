import type { Metrics } from "./metrics.ts";

/** What became of a span: the collector has it, or did not take it, or there were too many that waited, or in that second. */
export type SpanOutcome = "sent" | "failed" | "queue_full" | "rate_limited";

export type SpanCounts = (outcome: SpanOutcome, spans?: number) => void;

export const createSpanCounts = (metrics: Metrics): SpanCounts => {
  const total = metrics.counter("spillway_spans_total", "Spans, by what became of them.", ["outcome"]);
  return (outcome, spans = 1) => total.add(spans, { outcome });
};
