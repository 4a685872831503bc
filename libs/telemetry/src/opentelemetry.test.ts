import { InMemorySpanExporter, type SpanExporter } from "@opentelemetry/sdk-trace";
import { systemClock } from "@spillway/event";
import { expect, test } from "vitest";
import { createMetricsSpy } from "./metrics-spy.ts";
import { createOpenTelemetryTraces } from "./opentelemetry.ts";
import { samplerNames, type TraceSettings } from "./trace-settings.ts";

const settings: TraceSettings = {
  sampler: "parentbased_always_on",
  ratio: 1,
  spansPerSecondMax: 1_000,
  queueSpansMax: 100,
  batchSpansMax: 100,
  delayMs: 60_000,
};

const open = (changed: Partial<TraceSettings> = {}, exporter?: SpanExporter) => {
  const metrics = createMetricsSpy();
  const memory = new InMemorySpanExporter();
  let nowMs = 0;
  const traces = createOpenTelemetryTraces({
    app: "edge",
    settings: { ...settings, ...changed },
    metrics,
    exporter: exporter ?? { export: (...given) => memory.export(...given), shutdown: async () => undefined },
    clock: { ...systemClock, monotonicMs: () => nowMs },
  });
  return {
    ...traces,
    advance: (ms: number) => {
      nowMs += ms;
    },
    counted: () => {
      const counts: Record<string, number> = {};
      for (const { value, labels } of metrics.of("spillway_spans_total"))
        counts[labels.outcome ?? ""] = (counts[labels.outcome ?? ""] ?? 0) + value;
      return counts;
    },
    /** After this nothing is traced any more. */
    exported: async () => {
      await traces.close();
      return memory.getFinishedSpans();
    },
  };
};

const hex = (n: number, digits: number) => n.toString(16).padStart(digits, "0");
const contextOf = (n: number, flags = "01") => `00-${hex(n, 32)}-${hex(n, 16)}-${flags}`;

test("a request's span is its client's child, and what it caused continues it", async () => {
  const { begin, exported } = open();
  const span = begin("POST /v1/events", contextOf(7), { "http.route": "/v1/events" });
  span?.end({ "http.response.status_code": 503 }, "unavailable");
  const [told] = await exported();
  expect(told).toMatchObject({ name: "POST /v1/events", parentSpanContext: { spanId: hex(7, 16), isRemote: true } });
  expect(told?.attributes).toEqual({ "http.route": "/v1/events", "http.response.status_code": 503 });
  expect(told?.status).toEqual({ code: 2, message: "unavailable" });
  expect(told?.resource.attributes).toMatchObject({ "service.name": "spillway-edge" });
  expect(span?.traceparent).toBe(`00-${hex(7, 32)}-${told?.spanContext().spanId}-01`);
});

test("what many wait for is a trace of its own with a link to each sampled context, once, and to 32 at most", async () => {
  const { beginFor, exported } = open();
  beginFor("append", [contextOf(1), null, contextOf(2), contextOf(1), contextOf(3, "00"), undefined, "x"])?.end();
  beginFor(
    "publish",
    Array.from({ length: 400 }, (_, i) => contextOf(i + 1)),
  )?.end();
  expect(beginFor("drain", [null, contextOf(1, "00"), "00-no-no-01"])).toBeNull();
  const [append, publish, ...others] = await exported();
  expect(append?.links.map(({ context }) => context.traceId)).toEqual([hex(1, 32), hex(2, 32)]);
  expect(append?.parentSpanContext).toBeUndefined();
  expect(append?.spanContext().traceId).not.toBe(hex(1, 32));
  expect(publish?.links.map(({ context }) => context.spanId)).toEqual(
    Array.from({ length: 32 }, (_, i) => hex(i + 1, 16)),
  );
  expect(others).toEqual([]);
});

test.each([
  "",
  "00",
  contextOf(0),
  `00-${hex(1, 32)}-${hex(0, 16)}-01`,
  contextOf(0xab).toUpperCase(),
  "\u0000".repeat(55),
])("%j is no context: a request with it is one without", async (wrong) => {
  const { begin, exported } = open();
  begin("POST /v1/batch", wrong)?.end();
  expect((await exported()).map(({ parentSpanContext }) => parentSpanContext)).toEqual([undefined]);
});

/** By its trace id alone a ratio of a half chooses the second of these, and not the first. */
const [unlucky, lucky] = [`00-ffffffff${hex(0, 24)}-${hex(1, 16)}`, `00-0000000f${hex(0, 24)}-${hex(1, 16)}`];
const asked = { none: null, unlucky, lucky };
const expected: Readonly<Record<TraceSettings["sampler"], string>> = {
  always_on: "none unlucky-00 unlucky-01 lucky-00 lucky-01",
  always_off: "",
  traceidratio: "lucky-00 lucky-01",
  parentbased_always_on: "none unlucky-01 lucky-01",
  parentbased_always_off: "unlucky-01 lucky-01",
  parentbased_traceidratio: "unlucky-01 lucky-01",
};

test.each(samplerNames)("%s: of a request and of what is linked to it both are recorded, or none", async (sampler) => {
  const { begin, beginFor, sampled } = open({ sampler, ratio: 0.5 });
  const recorded: string[] = [];
  for (const [name, context] of Object.entries(asked))
    for (const flags of context === null ? [""] : ["-00", "-01"]) {
      const isRecorded = begin("POST /v1/events", context && context + flags) !== null;
      // Of a request without a context chance decides by a ratio.
      if (context === null && sampler.endsWith("ratio")) continue;
      if (isRecorded) recorded.push(name + flags);
      if (context === null) continue;
      expect(beginFor("publish", [context + flags]) !== null).toBe(isRecorded);
      expect(sampled(context + flags)).toBe(isRecorded ? context.slice(3, 35) : null);
    }
  expect(recorded.join(" ")).toBe(expected[sampler]);
});

test("of each name so many spans a second are recorded, whatever the clients' flags say, and the others are counted", async () => {
  const { begin, beginFor, advance, counted, exported } = open({ spansPerSecondMax: 3 });
  const flood = () => {
    for (let i = 1; i <= 10; i++) begin("POST /v1/events", contextOf(i))?.end();
    for (let i = 1; i <= 10; i++) begin("POST /v1/events", contextOf(i, "00"))?.end();
  };
  flood();
  beginFor("append", [contextOf(1)])?.end();
  advance(999);
  flood();
  advance(1);
  flood();
  expect((await exported()).map(({ name }) => name)).toEqual([
    ...Array(3).fill("POST /v1/events"),
    "append",
    ...Array(3).fill("POST /v1/events"),
  ]);
  expect(counted()).toEqual({ rate_limited: 24, sent: 7 });
});

test("while the collector takes nothing, spans wait up to the queue's limit, the others are counted, and the end does not wait for it", async () => {
  const held: ((result: { code: number }) => void)[] = [];
  const silent: SpanExporter = {
    export: (_spans, told) => void held.push(told),
    shutdown: () => new Promise(() => undefined),
  };
  const { begin, counted, close } = open({ queueSpansMax: 20, batchSpansMax: 5 }, silent);
  for (let i = 0; i < 50; i++) begin("POST /v1/events", null)?.end();
  // One batch is with the collector, and the queue is full behind it.
  expect(counted()).toEqual({ queue_full: 50 - 5 - 20 });
  held[0]?.({ code: 1 });
  expect(counted()).toEqual({ queue_full: 25, failed: 5 });
  await close();
});
