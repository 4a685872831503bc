import { ok } from "@spillway/event";
import { createPrometheusMetrics } from "@spillway/telemetry/prometheus";
import { createTracesSpy } from "@spillway/telemetry/traces-spy";
import { expect, test } from "vitest";
import { tracedSink } from "./partition/traced-sink.ts";
import { createStage, TOPIC } from "./stage.fixture.ts";

const contexts: Readonly<Record<string, string>> = {
  e0: `00-${"a".repeat(32)}-${"1".repeat(16)}-01`,
  e1: `00-${"a".repeat(32)}-${"1".repeat(16)}-01`,
  e2: `00-${"b".repeat(32)}-${"2".repeat(16)}-01`,
  e3: `00-${"c".repeat(32)}-${"3".repeat(16)}-00`,
};
const ids = ["e0", "e1", "e2", "e3", "e4"];

const traced = () => {
  const traces = createTracesSpy();
  const stage = createStage({ traceparentOf: (id) => contexts[id] ?? null });
  return { traces, stage, start: () => stage.start("r1", { traces }, { drainEventsMax: 10 }) };
};

test("a publish is linked to the sampled contexts of its records, each once, and its records keep theirs", async () => {
  const { traces, stage, start } = traced();
  start();
  await stage.post(ids);
  await stage.until(() => stage.ids().length === ids.length);
  expect(traces.spans("publish")).toMatchObject([{ links: [contexts.e0, contexts.e2], hasEnded: true }]);
  const [span] = traces.spans("publish");
  expect(span?.failure).toBeUndefined();
  expect(span?.attributes).toEqual({
    "messaging.system": "kafka",
    "messaging.operation.type": "send",
    "messaging.destination.name": TOPIC,
    "messaging.destination.partition.id": "0",
    "messaging.batch.message_count": 5,
  });
  const headers = stage.world.topics.get(TOPIC)?.partitions[0]?.map((record) => record.headers.traceparent);
  expect(headers).toEqual(ids.map((id) => contexts[id]));
});

test("each attempt is a span, the one that failed by its code, and a batch of nobody's trace is none", async () => {
  const { traces, stage, start } = traced();
  let refusals = 1;
  stage.broker.answer = () => (refusals-- > 0 ? { kind: "retriable", code: "not_leader" } : ok);
  start();
  await stage.post(["e0"]);
  await stage.until(() => traces.spans("publish").length === 2);
  expect(traces.spans("publish").map(({ failure }) => failure)).toEqual(["not_leader", undefined]);
  await stage.post(["e3", "e4"]);
  await stage.until(() => stage.publishes.length === 3);
  expect(traces.spans("publish")).toHaveLength(2);
});

test("a publish that is traced is not sent either when its lease is over meanwhile", async () => {
  const { traces, stage } = traced();
  const sink = tracedSink(stage.world.sink, traces);
  const record = { key: "k", value: new Uint8Array(1), headers: { traceparent: contexts.e0 ?? "" }, timestampMs: 0 };
  expect(await sink.publish(TOPIC, 0, [record], () => false)).toEqual({ kind: "retriable", code: "not_wanted" });
  expect(traces.spans("publish")).toMatchObject([{ failure: "not_wanted" }]);
  expect(stage.ids()).toEqual([]);
});

test("the age of an event whose trace is sampled has it as an exemplar, once it is confirmed", async () => {
  const { traces, stage } = traced();
  const metrics = createPrometheusMetrics("relay", { exemplars: true });
  stage.start("r1", { traces, metrics });
  const exemplars = async () => {
    const { text } = await metrics.expose("application/openmetrics-text");
    return [...text.matchAll(/^spillway_event_age_seconds_bucket.* # \{trace_id="(\w+)"\}/gm)].map(([, id]) => id);
  };
  await stage.post(["e3", "e4"]);
  await stage.until(() => stage.ids().length === 2);
  expect(await exemplars()).toEqual([]);
  await stage.post(["e2"]);
  await stage.until(() => stage.ids().length === 3);
  expect(await exemplars()).toEqual(["b".repeat(32)]);
});

test("rows that are drained in one append have one span, linked to the contexts of their events", async () => {
  const { traces, stage, start } = traced();
  stage.postToOutbox(ids);
  start();
  await stage.until(() => stage.ids().length === ids.length);
  expect(traces.spans("drain")).toMatchObject([
    {
      links: [contexts.e0, contexts.e2],
      attributes: { "spillway.shard": 0, "spillway.rows": 5, "spillway.events": 5 },
      failure: undefined,
      hasEnded: true,
    },
  ]);
});

test("rows that find no room stay, and their span says so", async () => {
  const traces = createTracesSpy();
  const stage = createStage({ traceparentOf: (id) => contexts[id] ?? null, backlogEventsMax: 1 });
  stage.broker.answer = () => ({ kind: "retriable", code: "not_leader", pause: true });
  stage.start("r1", { traces }, { drainEventsMax: 1 });
  stage.postToOutbox(["e0", "e2"]);
  await stage.until(() => traces.spans("drain").length >= 2);
  expect(traces.spans("drain").slice(0, 2)).toMatchObject([
    { links: [contexts.e0], failure: undefined },
    { links: [contexts.e2], failure: "full" },
  ]);
});
