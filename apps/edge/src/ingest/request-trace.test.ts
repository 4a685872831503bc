import { decodeChunk } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { createTracesSpy } from "@spillway/telemetry/traces-spy";
import { expect, test } from "vitest";
import { createAppWorld } from "../app.fixture.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const sampled = `00-${TRACE}-b7ad6b7169203331-01`;
const unsampled = `00-${TRACE}-b7ad6b7169203331-00`;
const own = "00-1af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";

const traced = async () => {
  const traces = createTracesSpy();
  const app = await createAppWorld({ traces });
  const kept = () =>
    [0, 1, 2, 3]
      .flatMap((shard) => app.world.streams.entriesAfter(shard, "0", 1_000))
      .flatMap(({ chunk }) => decodeChunk(chunk, platform).events)
      .map(({ traceparent, tracestate }) => [traceparent, tracestate]);
  return { ...app, traces, kept, spans: () => traces.spans("POST /v1/events") };
};

test("a request's span is its client's child, and its event continues the span, with the client's state", async () => {
  const { post, spans, kept } = await traced();
  await post('{"type":"t"}', { traceparent: sampled, tracestate: "vendor=1" });
  const [span] = spans();
  expect(span).toMatchObject({ parent: sampled, failure: undefined, hasEnded: true });
  expect(span?.attributes).toEqual({
    "http.request.method": "POST",
    "http.route": "/v1/events",
    "http.response.status_code": 202,
  });
  expect(span?.traceparent).toContain(TRACE);
  expect(kept()).toEqual([[span?.traceparent, "vendor=1"]]);
});

test("an event with a context keeps it as it is", async () => {
  const { post, spans, kept } = await traced();
  await post(JSON.stringify({ type: "t", traceparent: own, tracestate: "event=1" }), { traceparent: sampled });
  expect(spans()).toMatchObject([{ parent: sampled }]);
  expect(kept()).toEqual([[own, "event=1"]]);
});

test("what is not sampled goes on as it came", async () => {
  const { post, spans, traces, kept } = await traced();
  await post('{"type":"t"}', { traceparent: unsampled, tracestate: "vendor=1" });
  expect([spans(), traces.spans("append")]).toEqual([[], []]);
  expect(kept()).toEqual([[unsampled, "vendor=1"]]);
});

test.each(["wrong", `00-${TRACE}-0000000000000000-01`, `${sampled}, ${sampled}`])(
  "a header that is no context (%s) is as none: a trace begins here, and a state without its parent is nobody's",
  async (traceparent) => {
    const { post, spans, kept } = await traced();
    await post('{"type":"t"}', { traceparent, tracestate: "vendor=1" });
    expect(spans()).toMatchObject([{ parent: null }]);
    expect(kept()).toEqual([[spans()[0]?.traceparent, undefined]]);
  },
);

test("whose key is not ours has no span, and one that could not be stored says why", async () => {
  const { post, spans, world } = await traced();
  await post('{"type":"t"}', { authorization: "Bearer nobody's", traceparent: sampled });
  expect(spans()).toEqual([]);
  for (const backend of ["redis", "postgres"] as const) world.outages.start(backend);
  await post('{"type":"t"}', { traceparent: sampled });
  expect(spans()).toMatchObject([{ failure: "unavailable", attributes: { "http.response.status_code": 503 } }]);
});

test("nothing of an event is in an attribute", async () => {
  const { post, traces } = await traced();
  const event = { id: "my-id", source: "/my-source", type: "my-type", subject: "my-subject", data: "my-data" };
  await post(JSON.stringify([event]), { traceparent: sampled }, "/v1/batch");
  const spans = [...traces.spans("POST /v1/batch"), ...traces.spans("append")];
  expect(spans).toHaveLength(2);
  expect(JSON.stringify(spans)).not.toMatch(/my-|shop|key-of/);
});
