import { Unavailable } from "@spillway/event";
import { createMetricsSpy } from "@spillway/telemetry/metrics-spy";
import { describe, expect, test } from "vitest";
import { createStage, type Stage, TOPIC } from "./stage.fixture.ts";

const refusing = (code: string) => async (): Promise<never> => {
  throw new Unavailable(code);
};

const unknownTopic = { kind: "retriable", code: "unknown_topic_or_partition" } as const;

/** What keeps a shard waiting, and how /readyz is to name it. */
const causes: readonly (readonly [string, (stage: Stage) => Parameters<Stage["start"]>[1], object])[] = [
  [
    "a topic is missing when it is first needed",
    (stage) => ({ sink: { ...stage.world.sink, partitions: async () => unknownTopic } }),
    { state: "topic", code: "unknown_topic_or_partition", shard: 0, topic: "events" },
  ],
  [
    "a topic is forbidden when it is first needed",
    (stage) => ({
      sink: {
        ...stage.world.sink,
        partitions: async () => ({ kind: "retriable", code: "topic_authorization_failed", pause: true }) as const,
      },
    }),
    { state: "paused", code: "topic_authorization_failed", shard: 0, topic: "events" },
  ],
  [
    "the stream cannot be read",
    (stage) => ({ shardStream: { ...stage.world.shardStream, read: refusing("odd_reply") } }),
    { state: "reading", code: "odd_reply", shard: 0 },
  ],
  [
    "what is done cannot be settled",
    (stage) => ({ shardStream: { ...stage.world.shardStream, settle: refusing("timeout") } }),
    { state: "settling", code: "timeout", shard: 0 },
  ],
];

/** Answers late, once: when the term that asked is over. */
const lateOnce = <Args extends unknown[], T>(stage: Stage, call: (...args: Args) => Promise<T>, late: () => T) => {
  let calls = 0;
  return async (...args: Args): Promise<T> => {
    if (++calls > 1) return call(...args);
    await stage.clock.sleep(8_000);
    return late();
  };
};

const timeout = (): never => {
  throw new Unavailable("timeout");
};

/** Calls of a shard that may still be under way when its lease is lost. */
const underWay: readonly (readonly [string, (stage: Stage) => Parameters<Stage["start"]>[1]])[] = [
  [
    "a settle",
    (stage) => {
      const { shardStream } = stage.world;
      return { shardStream: { ...shardStream, settle: lateOnce(stage, shardStream.settle, timeout) } };
    },
  ],
  [
    "a look for a topic",
    (stage) => {
      const { sink } = stage.world;
      return { sink: { ...sink, partitions: lateOnce(stage, sink.partitions, () => unknownTopic) } };
    },
  ],
  [
    "a damaged entry's dead letter",
    (stage) => {
      stage.world.streams.damage(0, stage.world.streams.entriesAfter(0, "0", 1)[0]?.id ?? "");
      return { deadLetters: { put: lateOnce(stage, stage.world.deadLetters.put, timeout) } };
    },
  ],
];

describe("what keeps a shard waiting", () => {
  // Such an answer named a trouble that nobody would ever take back: degraded until the next start.
  test.each(underWay)("is not what fails after the term that asked: %s", async (_name, portsOf) => {
    const stage = createStage();
    await stage.post(["a"]);
    const { relay } = stage.start("r1", portsOf(stage));
    await stage.until(() => relay.state().shards.length === 1);
    await stage.clock.advance(1_000);
    await stage.world.leases.take(0, "r1", 5_000);
    await stage.until(() => stage.logged("lease.ended").length === 1);
    await stage.clock.advance(20_000);
    expect(await stage.pending()).toBe(0);
    expect(relay.state().troubles).toEqual([]);
  });

  test.each(causes)("is named, with its age, when %s", async (_name, ports, trouble) => {
    const stage = createStage();
    const metrics = createMetricsSpy();
    await stage.post(["a"]);
    await stage.clock.advance(20_000);
    const { relay } = stage.start("r1", { ...ports(stage), metrics });
    await stage.clock.advance(10_000);
    const { troubles, shards } = relay.state();
    expect(troubles).toEqual([{ ...trouble, forMs: expect.any(Number) }]);
    expect(troubles[0]?.forMs).toBeGreaterThan(5_000);
    expect(shards[0]?.stillMs).toBeGreaterThan(5_000);
    const latest = (name: string) => metrics.of(name).at(-1)?.value ?? 0;
    expect(latest("spillway_shard_oldest_age_seconds")).toBeGreaterThan(5);
    expect([latest("spillway_troubles"), latest("spillway_trouble_seconds") > 5]).toEqual([1, true]);
    const { state, ...fields } = trouble as { state: string };
    expect(stage.logged(`shard.${state}`).map((line) => line.fields)).toEqual([{ owner: "r1", ...fields }]);
  });

  test("is over when the topic is there, and the log says so once", async () => {
    const stage = createStage();
    let isMissing = true;
    const { partitions } = stage.world.sink;
    const sink = {
      ...stage.world.sink,
      partitions: async (topic: string) => (isMissing ? unknownTopic : partitions(topic)),
    };
    await stage.post(["a"]);
    const { relay } = stage.start("r1", { sink });
    await stage.clock.advance(30_000);
    isMissing = false;
    await stage.until(() => stage.ids().length === 1 || relay.state().shards[0]?.entries === 0);
    await stage.clock.advance(3_000);
    expect(relay.state()).toMatchObject({ troubles: [], shards: [{ stillMs: 0, oldestAgeMs: null }] });
    expect(stage.logged("shard.recovered")).toHaveLength(1);
  });

  const ends: readonly (readonly [string, (stage: Stage, running: ReturnType<Stage["start"]>) => Promise<void>])[] = [
    ["SIGTERM", (_, { stop }) => stop()],
    ["a lost lease", async ({ world }) => void (await world.leases.take(0, "r1", 5_000))],
    [
      "8 s without Redis",
      async ({ clock, world }) => {
        world.outages.start("redis");
        await clock.advance(8_000);
        world.outages.end("redis");
      },
    ],
  ];

  test.each(ends)("has not recovered when its term ends: the log does not say so at %s", async (_name, end) => {
    const stage = createStage();
    const { partitions } = stage.world.sink;
    const isMissing = (topic: string) => topic === "missing";
    const sink = {
      ...stage.world.sink,
      partitions: async (topic: string) => (isMissing(topic) ? unknownTopic : partitions(topic)),
      publish: async () => ({ kind: "retriable", code: "forbidden", pause: true }) as const,
    };
    const topicOf = (type: string) => (type === "missing" ? type : TOPIC);
    await stage.post(["a"]);
    await stage.post(["b"], "k", "missing");
    const running = stage.start("r1", { sink }, { topicOf });
    await stage.clock.advance(10_000);
    expect(running.relay.state().troubles).toMatchObject([{ state: "topic" }, { state: "paused" }]);
    await end(stage, running);
    await stage.clock.advance(40_000);
    expect([stage.logged("lease.ended"), stage.logged("shard.topic")].map(({ length }) => length > 0)).toEqual([
      true,
      true,
    ]);
    expect([...stage.logged("shard.recovered"), ...stage.logged("lane.recovered")]).toEqual([]);
  });

  test("nor has a full memory when the relay is told to stop", async () => {
    const stage = createStage();
    stage.broker.answer = () => ({ kind: "retriable", code: "connection_failed" });
    for (let n = 0; n < 4; n++) await stage.post([`e${n}`]);
    const { stop } = stage.start("r1", {}, { inFlightEventsMax: 2 });
    await stage.clock.advance(10_000);
    expect(stage.logged("shard.room")).toHaveLength(1);
    await stop();
    expect([...stage.logged("shard.recovered"), ...stage.logged("lane.recovered")]).toEqual([]);
  });

  test("has recovered when what a lane held is all buried", async () => {
    const stage = createStage();
    stage.broker.answer = () => ({ kind: "fatal", code: "refused", deadLetterClass: "rejected" });
    stage.world.outages.start("postgres");
    const { relay } = stage.start("r1");
    await stage.post(["a"]);
    await stage.clock.advance(10_000);
    expect(relay.state().troubles).toMatchObject([{ state: "dead-letters", partition: 0 }]);
    stage.world.outages.end("postgres");
    await stage.until(() => relay.state().troubles.length === 0);
    expect(stage.logged("lane.recovered")).toHaveLength(1);
  });

  test("tells of a shard whose damaged chunk cannot be put aside", async () => {
    const stage = createStage();
    await stage.post(["a"]);
    stage.world.streams.damage(0, stage.world.streams.entriesAfter(0, "0", 1)[0]?.id ?? "");
    stage.world.outages.start("postgres");
    const { relay } = stage.start("r1");
    await stage.clock.advance(10_000);
    expect(relay.state().troubles).toMatchObject([{ state: "dead-letters", shard: 0 }]);
  });

  test("tells of rows that cannot leave the outbox", async () => {
    const stage = createStage({ backlogEventsMax: 2 });
    stage.broker.answer = () => ({ kind: "retriable", code: "connection_failed" });
    await stage.post(["a", "b"]);
    stage.postToOutbox(["c"]);
    const { relay } = stage.start("r1");
    await stage.clock.advance(10_000);
    expect(relay.state().troubles).toMatchObject([
      { state: "retrying", partition: 0 },
      { state: "draining", code: "full", shard: 0 },
    ]);
  });

  test("tells of a row that is older than a minute, also of a shard that nobody has", async () => {
    const stage = createStage();
    const transaction = stage.world.outbox.begin();
    transaction.insert({ shard: 9, chunk: new Uint8Array(8), events: 3, dedupKeys: "" });
    transaction.commit();
    const { relay } = stage.start("r1");
    await stage.clock.advance(50_000);
    expect(relay.state().troubles).toEqual([]);
    await stage.clock.advance(20_000);
    expect(relay.state().troubles).toMatchObject([{ state: "outbox", code: "old_rows", outboxEvents: 3 }]);
    stage.world.outbox.remove(stage.world.outbox.rows(9));
    await stage.clock.advance(6_000);
    expect(relay.state().troubles).toEqual([]);
  });

  test("tells of leases that nobody can take", async () => {
    const stage = createStage({ shards: 2 });
    stage.world.streams.take(1, "a relay that is gone", 1e9);
    const { relay } = stage.start("r1");
    await stage.clock.advance(20_000);
    expect(relay.state().troubles).toMatchObject([{ state: "leases", code: "held_by_others", missing: 1 }]);
  });

  test("is not in the log while a busy relay's memory is full for a moment, nor among what lasts", async () => {
    const stage = createStage();
    const { relay } = stage.start("r1", {}, { inFlightEventsMax: 2 });
    stage.broker.latencyMs = 200;
    for (let n = 0; n < 20; n++) await stage.post([`e${n}`]);
    await stage.until(() => stage.ids().length === 20);
    expect(stage.logged("shard.room")).toEqual([]);
    await stage.until(() => relay.state().shards[0]?.entries === 0);
    expect(relay.state().troubles).toEqual([]);
  });
});
