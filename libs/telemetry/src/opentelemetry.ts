import {
  type Context,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import { type Clock, systemClock, within } from "@spillway/event";
import type { Metrics } from "./metrics.ts";
import { createSpanCounts } from "./span-counts.ts";
import { createSpanQueue } from "./span-queue.ts";
import { createSpanRate } from "./span-rate.ts";
import { createSpanSampler } from "./span-sampler.ts";
import type { TraceSettings } from "./trace-settings.ts";
import { LINKS_MAX, type Span, type SpanName, spanKinds, type Traces } from "./traces.ts";

const kinds: Readonly<Record<(typeof spanKinds)[SpanName], SpanKind>> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  internal: SpanKind.INTERNAL,
};

const form = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;

/** Null: it is none. */
const spanContextOf = (traceparent: string | null | undefined): SpanContext | null => {
  const [, traceId = "", spanId = "", flags = ""] = form.exec(traceparent ?? "") ?? [];
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  return trace.isSpanContextValid(context) ? context : null;
};

const contextOf = (parent: SpanContext): Context => trace.setSpanContext(ROOT_CONTEXT, parent);

const endOf =
  (span: ReturnType<ReturnType<TracerProvider["getTracer"]>["startSpan"]>): Span["end"] =>
  (attributes, failure) => {
    if (attributes !== undefined) span.setAttributes(attributes);
    if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
    span.end();
  };

/** The end of the process waits so long for a collector. */
const CLOSE_MS = 500;

export type OpenTelemetryOptions = {
  /** `edge`: its service is `spillway-edge`, unless `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES` say another. */
  readonly app: string;
  readonly settings: TraceSettings;
  readonly metrics: Metrics;
  /** By default the collector, by OTLP over HTTP. */
  readonly exporter?: SpanExporter;
  readonly clock?: Clock;
};

const resourceOf = (app: string) =>
  defaultResource()
    .merge(resourceFromAttributes({ "service.name": `spillway-${app}`, "service.namespace": "spillway" }))
    .merge(detectResources({ detectors: [envDetector] }));

type Chosen = (context: string | null | undefined) => SpanContext | null;

/** Each context once that is chosen; those of one request follow each other. */
const linksOf = (contexts: Iterable<string | null | undefined>, chosen: Chosen): Link[] => {
  const links = new Map<string, Link>();
  let last: string | null | undefined;
  for (const context of contexts) {
    if (context === last) continue;
    if (links.size === LINKS_MAX) break;
    last = context;
    const linked = chosen(context);
    if (linked) links.set(linked.traceId + linked.spanId, { context: linked });
  }
  return [...links.values()];
};

/**
 * Traces that OpenTelemetry sends to a collector; to be loaded by who traces alone (70 ms, 18 MB). Nothing of it is global, and what it meets
 * is neither thrown nor logged: a span that is lost is counted.
 */
export const createOpenTelemetryTraces = (options: OpenTelemetryOptions): Traces & { close(): Promise<void> } => {
  const { app, settings, metrics, exporter = new OTLPTraceExporter(), clock = systemClock } = options;
  const counts = createSpanCounts(metrics);
  const rate = createSpanRate(settings.spansPerSecondMax, clock);
  const { sampler, isChosen } = createSpanSampler(settings);
  const provider = new TracerProvider({
    resource: resourceOf(app),
    sampler,
    spanLimits: { linkCountLimit: LINKS_MAX },
    spanProcessors: [createSpanQueue(exporter, settings, counts)],
  });
  const tracer = provider.getTracer("spillway");

  const chosen: Chosen = (traceparent) => {
    const found = spanContextOf(traceparent);
    return found && isChosen(contextOf(found), found.traceId) ? found : null;
  };

  const start = (name: SpanName, given: SpanOptions, context: Context): Span | null => {
    if (rate.isSpent(name)) {
      counts("rate_limited");
      return null;
    }
    const span = tracer.startSpan(name, { ...given, kind: kinds[spanKinds[name]] }, context);
    if (!span.isRecording()) return null;
    rate.spend(name);
    const { traceId, spanId } = span.spanContext();
    return { traceparent: `00-${traceId}-${spanId}-01`, end: endOf(span) };
  };

  return {
    begin: (name, traceparent, attributes) => {
      const parent = spanContextOf(traceparent);
      if (parent === null) return start(name, { attributes }, ROOT_CONTEXT);
      const context = contextOf(parent);
      return isChosen(context, parent.traceId) ? start(name, { attributes }, context) : null;
    },
    sampled: (context) => chosen(context)?.traceId ?? null,
    beginFor: (name, contexts, attributes) => {
      const links = linksOf(contexts, chosen);
      return links.length === 0 ? null : start(name, { attributes, links }, ROOT_CONTEXT);
    },
    /** Sends what waits, for half a second at most. Never rejects. */
    close: async () => {
      const sent = provider.shutdown().catch(() => undefined);
      await within(clock, CLOSE_MS, sent);
    },
  };
};
