import { partitionOf, type ShardChunk, sealEvent } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { createMetricsSpy } from "@spillway/telemetry/metrics-spy";
import { describe, expect, test } from "vitest";
import { createStage, TOPIC } from "../stage.fixture.ts";
import { createPumpMode } from "./pump-mode.ts";

const attributes = { id: "x", source: "s", type: "t", traceparent: null };
const shardOfKey = (partitionKey: string): number =>
  sealEvent({ ...attributes, partitionKey }, new Uint8Array(), 4, platform, "shop").shard;

const damaged: ShardChunk = {
  shard: 0,
  chunk: new Uint8Array(64).fill(7),
  events: 4,
  dedupKeys: "0123456789abcdef".repeat(4),
};

describe("the pump", () => {
  test("a damaged entry becomes one dead letter with all its bytes and is settled as that many dead events", async () => {
    const stage = createStage();
    await stage.post(["a"]);
    await stage.world.tier.append(
      [{ ...damaged, dedupKeys: "a".repeat(16) + "b".repeat(16) + "c".repeat(16) + "d".repeat(16) }],
      100,
    );
    await stage.post(["b"]);
    const [, damagedEntry] = await stage.world.shardStream.read(0, "0", 3, 0);
    const { relay } = stage.start("r1");
    await stage.until(() => stage.ids().length === 2);
    expect(stage.letters()).toMatchObject([
      { entry: damagedEntry?.id, index: -1, deadLetterClass: "undecodable", bytes: damaged.chunk },
    ]);
    await stage.until(() => relay.state().shards[0]?.entries === 0);
    expect(await stage.world.shardStream.counts(0)).toMatchObject({ accepted: 6, relayed: 2, dead: 4 });
  });

  test("a damaged entry waits for the dead letters, and the shard with it", async () => {
    const stage = createStage();
    await stage.world.tier.append([{ ...damaged, events: 1, dedupKeys: "a".repeat(16) }], 100);
    await stage.post(["b"]);
    stage.world.outages.start("postgres");
    stage.start("r1");
    await stage.clock.advance(30_000);
    expect(stage.ids()).toEqual([]);
    expect(await stage.pending()).toBe(2);
    stage.world.outages.end("postgres");
    await stage.until(() => stage.ids().length === 1);
    expect(stage.letters().length).toBe(1);
  });

  test("says what it does, and what it waits for", async () => {
    const stage = createStage();
    stage.world.topics.remove(TOPIC);
    const { relay, stop } = stage.start("r1", {}, { inFlightEventsMax: 1, finishMs: 1_000 });
    const mode = () => relay.state().shards[0]?.pump;
    await stage.until(() => mode() === "reading");
    await stage.post(["a"]);
    await stage.until(() => mode() === "topic");
    stage.broker.answer = () => ({ kind: "retriable", code: "connection_failed" });
    stage.world.topics.create(TOPIC, { partitions: 1 });
    await stage.until(() => relay.state().shards[0]?.entries === 1);
    await stage.post(["b"]);
    await stage.until(() => mode() === "room");
    const stopped = stop();
    await stage.until(() => mode() === "finishing", 100);
    await stopped;
    expect(mode()).toBeUndefined();
  });

  test("cannot take a step that its modes do not have", () => {
    const mode = createPumpMode(3);
    expect(() => mode.enter("room")).toThrow("the pump of shard 3 can only enter room from admitting; it is starting");
    mode.enter("finishing");
    expect([mode.isGoing(), mode.resume("admitting"), mode.now]).toEqual([false, false, "finishing"]);
    mode.enter("finished");
    mode.enter("ended");
    expect(() => mode.enter("ended")).toThrow("it is ended");
  });

  test("all shards of a process settle at the same moments, and each only what it has", async () => {
    const stage = createStage({ shards: 4 });
    const { clock } = stage;
    const shardStream = stage.world.shardStream;
    const settled = new Map<number, number[]>();
    const settle: typeof shardStream.settle = (lease, entries) => {
      const atMs = clock.monotonicMs();
      settled.set(atMs, [...(settled.get(atMs) ?? []), lease.shard]);
      return shardStream.settle(lease, entries);
    };
    const { relay } = stage.start("r1", { shardStream: { ...shardStream, settle } });
    await stage.until(() => relay.state().shards.length === 4);
    const keys = [0, 1, 2, 3].map((shard) => [..."abcdefghijklmnop"].find((key) => shardOfKey(key) === shard) ?? "");
    for (const [n, key] of keys.entries()) {
      await stage.post([`e${n}`], key);
      await clock.advance(5);
    }
    await stage.until(() => settled.size === 1);
    expect([...settled.values()].map((shards) => shards.toSorted())).toEqual([[0, 1, 2, 3]]);
    await stage.post(["e4"], keys[2]);
    await stage.until(() => settled.size === 2);
    expect([...settled.values()][1]).toEqual([2]);
    expect(await stage.pending()).toBe(0);
  });

  test("a settle that fails is repeated as it was, and nothing is published again", async () => {
    const stage = createStage();
    const shardStream = stage.world.shardStream;
    const asked: string[] = [];
    let failing = true;
    const settle: typeof shardStream.settle = async (lease, settled) => {
      asked.push(settled.entries.join());
      if (failing) stage.world.outages.start("redis");
      try {
        return await shardStream.settle(lease, settled);
      } finally {
        stage.world.outages.end("redis");
      }
    };
    const { relay } = stage.start("r1", { shardStream: { ...shardStream, settle } });
    await stage.until(() => relay.state().shards.length === 1);
    await stage.post(["a"]);
    await stage.until(() => asked.length === 2);
    await stage.post(["b"]);
    await stage.until(() => asked.length === 5);
    expect(new Set(asked).size).toBe(1);
    failing = false;
    await stage.until(() => relay.state().shards[0]?.entries === 0);
    expect(await stage.pending()).toBe(0);
    expect(stage.ids()).toEqual(["a", "b"]);
  });

  test("an entry that got the id of another is neither taken for it nor settled with it", async () => {
    const stage = createStage();
    const { shardStream } = stage.world;
    const original = new Map<string, string>();
    const read: typeof shardStream.read = async (...asked) =>
      (await shardStream.read(...asked)).map((entry) => {
        const ref = entry.ref.replace(entry.id, "5-0");
        original.set(ref, entry.ref);
        return { ...entry, id: "5-0", ref };
      });
    const settle: typeof shardStream.settle = (lease, settled) =>
      shardStream.settle(lease, { ...settled, entries: settled.entries.map((ref) => original.get(ref) ?? ref) });
    await stage.post(["a"]);
    await stage.post(["b"]);
    const { relay } = stage.start("r1", { shardStream: { ...shardStream, read, settle } });
    await stage.until(() => stage.ids().length === 2);
    await stage.until(() => relay.state().shards[0]?.entries === 0);
    expect(stage.ids()).toEqual(["a", "b"]);
    expect(await stage.pending()).toBe(0);
  });

  test("a settle is sent only for entries whose every event is confirmed", async () => {
    const stage = createStage({ partitions: 3 });
    stage.broker.answer = (_, partition) => (partition === 0 ? { kind: "retriable", code: "connection_failed" } : null);
    const keys = Array.from({ length: 12 }, (_, n) => `key-${n}`);
    stage.start("r1");
    for (const key of keys) await stage.post([key], key);
    await stage.until(() => stage.ids(1).length + stage.ids(2).length > 4);
    await stage.clock.advance(1_000);
    const settled = stage.ids(1).length + stage.ids(2).length;
    expect(await stage.pending()).toBe(12 - settled);
  });

  test("an entry stays whole until the last of its events is confirmed, whichever lane that is in", async () => {
    const stage = createStage({ partitions: 2 });
    stage.broker.answer = (_, partition) => (partition === 0 ? { kind: "retriable", code: "connection_failed" } : null);
    stage.start("r1");
    // Without a key they go to the partitions in runs of 500.
    await stage.post(
      Array.from({ length: 600 }, (_, n) => `e${n}`),
      null,
    );
    await stage.until(() => stage.ids(1).length > 0);
    await stage.clock.advance(1_000);
    expect(await stage.pending()).toBe(600);
    stage.broker.answer = () => null;
    await stage.until(() => stage.ids(0).length + stage.ids(1).length === 600);
    await stage.clock.advance(1_000);
    expect(await stage.pending()).toBe(0);
  });

  test("waits for a topic that does not exist yet, and relays when it does", async () => {
    const stage = createStage();
    stage.world.topics.remove(TOPIC);
    stage.start("r1");
    await stage.post(["a"]);
    await stage.clock.advance(10_000);
    expect(await stage.pending()).toBe(1);
    stage.world.topics.create(TOPIC, { partitions: 1 });
    await stage.until(() => stage.ids().length === 1);
  });

  test("takes every topic's own way", async () => {
    const stage = createStage();
    stage.world.topics.create("orders", { partitions: 1 });
    const topicOf = (type: string) => (type.startsWith("order.") ? "orders" : TOPIC);
    stage.start("r1", {}, { topicOf });
    await stage.post(["a"], "k", "order.created");
    await stage.post(["b"], "k", "user.created");
    await stage.until(() => stage.ids().length === 1);
    await stage.until(() => stage.world.topics.get("orders")?.partitions[0]?.length === 1);
  });

  test("when a topic gets more partitions, the keys move and none is overtaken by its own past", async () => {
    const stage = createStage({ partitions: 1 });
    const { relay } = stage.start("r1");
    const key = ["key-1", "key-2", "key-3"].find((one) => partitionOf(one, 8) !== 0) ?? "";
    await stage.post(["a"], key);
    await stage.until(() => stage.ids().length === 1);
    stage.broker.answer = () => ({ kind: "retriable", code: "connection_failed" });
    await stage.post(["b"], key);
    const partitions = stage.world.topics.get(TOPIC)?.partitions;
    while (partitions && partitions.length < 8) partitions.push([]);
    await stage.until(() => stage.logged("topic.reshaped").length === 1);
    await stage.post(["c"], key);
    stage.broker.answer = () => null;
    const place = partitionOf(key, 8);
    await stage.until(() => stage.ids(place).includes("c"));
    expect(stage.ids(place)).toEqual(["b", "c"]);
    await stage.until(() => relay.state().shards[0]?.entries === 0);
    expect(await stage.pending()).toBe(0);
  });

  test("an emptied Redis heals without a restart, and what was pending is shown", async () => {
    const stage = createStage();
    stage.start("r1");
    await stage.post(["a"]);
    await stage.until(() => stage.ids().length === 1);
    stage.broker.answer = () => ({ kind: "retriable", code: "connection_failed" });
    await stage.post(["b", "c"]);
    await stage.clock.advance(2_000);
    stage.world.streams.empty();
    await stage.until(() => stage.logged("lease.ended").length === 1);
    stage.broker.answer = () => null;
    await stage.post(["d"]);
    await stage.until(() => stage.ids().includes("d"));
    await stage.until(() => stage.logged("events.unaccounted").length === 1);
    expect(stage.logged("events.unaccounted")[0]?.fields).toMatchObject({ shard: 0, events: 2 });
  });

  test("entries with older ids than the last one read are found", async () => {
    const stage = createStage();
    const shardStream = stage.world.shardStream;
    let behind = false;
    // A replica that took over: whatever it gets has ids before those that were read from the old server.
    const read: typeof shardStream.read = async (shard, after, entriesMax, waitMs) => {
      if (!behind || after === "0") return shardStream.read(shard, after, entriesMax, waitMs);
      await stage.clock.sleep(waitMs);
      return [];
    };
    stage.start("r1", { shardStream: { ...shardStream, read } });
    await stage.post(["a"]);
    await stage.until(() => stage.ids().length === 1);
    behind = true;
    await stage.clock.advance(1_000);
    await stage.post(["b"]);
    await stage.until(() => stage.ids().length === 2, 5_000);
  });

  test("after a lost connection it reads from the start again, past what it has in hand", async () => {
    const stage = createStage();
    const shardStream = stage.world.shardStream;
    let isOldServer = true;
    const read: typeof shardStream.read = async (shard, after, entriesMax, waitMs) => {
      if (isOldServer || after === "0") return shardStream.read(shard, after, entriesMax, waitMs);
      await stage.clock.sleep(waitMs);
      return [];
    };
    const { relay } = stage.start("r1", { shardStream: { ...shardStream, read } });
    stage.broker.answer = () => ({ kind: "retriable", code: "connection_failed" });
    await stage.post(["a"]);
    await stage.until(() => relay.state().shards[0]?.entries === 1 && relay.state().shards[0]?.diversion === "ended");
    // The connection breaks; what comes next has an older id than "a", which still waits for Kafka.
    stage.world.outages.start("redis");
    await stage.clock.advance(1_500);
    isOldServer = false;
    stage.world.outages.end("redis");
    await stage.post(["b"]);
    await stage.until(() => relay.state().shards[0]?.entries === 2, 3_000);
    stage.broker.answer = () => null;
    await stage.until(() => stage.ids().length === 2);
    expect(stage.ids()).toEqual(["a", "b"]);
  });

  test("what a lost lease leaves behind is forgotten, so that losing it often costs no memory", async () => {
    const stage = createStage();
    const metrics = createMetricsSpy();
    stage.broker.answer = () => ({ kind: "retriable", code: "topic_authorization_failed", pause: true });
    const { relay } = stage.start("r1", { metrics });
    for (let n = 0; n < 10; n++) await stage.post([`${n}`]);
    for (let n = 0; n < 10; n++) {
      await stage.until(() => relay.state().shards[0]?.entries === 10);
      await stage.world.leases.take(0, "r1", 5_000);
      await stage.until(() => stage.logged("lease.ended").length === n + 1);
    }
    await stage.clock.advance(3_000);
    const most = Math.max(...metrics.of("spillway_lane_records").map(({ value }) => value));
    expect(most).toBeGreaterThanOrEqual(10);
    expect(most).toBeLessThanOrEqual(20);
  });
});
