import { ExportResultCode } from "@opentelemetry/core";
import { BatchSpanProcessor, type SpanExporter, type SpanProcessor } from "@opentelemetry/sdk-trace";
import type { SpanCounts } from "./span-counts.ts";
import type { TraceSettings } from "./trace-settings.ts";

/**
 * OpenTelemetry's batches, whose queue is bounded here, by the same rule, one span earlier: it drops what is too much and tells nobody how
 * much that was.
 */
export const createSpanQueue = (exporter: SpanExporter, settings: TraceSettings, counts: SpanCounts): SpanProcessor => {
  let waiting = 0;
  const counted: SpanExporter = {
    export: (spans, told) => {
      waiting -= spans.length;
      exporter.export(spans, (result) => {
        counts(result.code === ExportResultCode.SUCCESS ? "sent" : "failed", spans.length);
        told(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
  const batches = new BatchSpanProcessor({
    exporter: counted,
    maxQueueSize: settings.queueSpansMax,
    maxExportBatchSize: Math.min(settings.batchSpansMax, settings.queueSpansMax),
    scheduledDelayMillis: settings.delayMs,
  });
  return {
    onStart: () => undefined,
    onEnd: (span) => {
      if (waiting >= settings.queueSpansMax) return counts("queue_full");
      waiting++;
      batches.onEnd(span);
    },
    forceFlush: () => batches.forceFlush(),
    shutdown: () => batches.shutdown(),
  };
};
