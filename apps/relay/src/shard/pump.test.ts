import type { ShardChunk } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { createStage, TOPIC } from "../stage.fixture.ts";

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
    const { relay } = stage.start("r1");
    await stage.until(() => stage.ids().length === 2);
    expect(stage.letters()).toMatchObject([{ index: -1, deadLetterClass: "undecodable", bytes: damaged.chunk }]);
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
    const { relay } = stage.start("r1", { stream: { ...shardStream, settle } });
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
    stage.start("r1");
    await stage.post(["a"], "key-1");
    await stage.until(() => stage.ids().length === 1);
    stage.broker.answer = () => ({ kind: "retriable", code: "connection_failed" });
    await stage.post(["b"], "key-1");
    const partitions = stage.world.topics.get(TOPIC)?.partitions;
    while (partitions && partitions.length < 8) partitions.push([]);
    await stage.until(() => stage.logged("topic.reshaped").length === 1);
    await stage.post(["c"], "key-1");
    stage.broker.answer = () => null;
    const place = stage.world.sink.partitionOf("key-1", 8);
    await stage.until(() => stage.ids(place).includes("c"));
    expect(stage.ids(place)).toEqual(place === 0 ? ["a", "b", "c"] : ["b", "c"]);
    expect(await stage.pending()).toBeGreaterThanOrEqual(0);
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
    stage.broker.answer = () => null;
    await stage.clock.advance(2_000);
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
    stage.start("r1", { stream: { ...shardStream, read } });
    await stage.post(["a"]);
    await stage.until(() => stage.ids().length === 1);
    behind = true;
    await stage.clock.advance(1_000);
    await stage.post(["b"]);
    await stage.until(() => stage.ids().length === 2, 5_000);
  });
});
