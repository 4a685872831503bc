import {
  decodeChunk,
  encodeChunk,
  type SealedEvent,
  type ShardChunk,
  type SinkRecord,
  sealEvent,
} from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { describe, expect, test } from "vitest";
import { createManualClock, settlePromises } from "./manual-clock.ts";
import { createMemoryWorld, type MemoryWorldOptions } from "./world.ts";

const event = (id: string, key = "k"): SealedEvent => {
  const bytes = new TextEncoder().encode(JSON.stringify({ id, source: "s", type: "t" }));
  return sealEvent({ id, source: "s", type: "t", partitionKey: key, traceparent: null }, bytes, 1, platform, "shop");
};

const chunkOf = (...ids: string[]): ShardChunk => {
  const events = ids.map((id) => event(id));
  const dedupKeys = events.map((one) => one.dedupKey).join("");
  return { shard: 0, chunk: encodeChunk({ receivedAtMs: 1, events }, platform), events: events.length, dedupKeys };
};

const setup = (options: Partial<MemoryWorldOptions> = {}) => {
  const clock = createManualClock();
  return { clock, world: createMemoryWorld({ clock, platform, shards: 1, ...options }) };
};

const OWNER = { shard: 0, token: 1 };

describe("the stream tier", () => {
  test("records a chunk once, and names what was known already", async () => {
    const { world } = setup();
    expect(await world.tier.append([chunkOf("a", "b", "a")], 100)).toMatchObject([{ kind: "ok", duplicates: [2] }]);
    expect(await world.tier.append([chunkOf("b", "c")], 100)).toMatchObject([{ kind: "ok", duplicates: [0] }]);
    expect(await world.tier.append([chunkOf("a", "c")], 100)).toMatchObject([{ kind: "ok", duplicates: [0, 1] }]);
    const entries = await world.shardStream.read(0, "0", 10, 0);
    expect(entries.map((entry) => [entry.skip, entry.events])).toEqual([
      [[2], 2],
      [[0], 1],
    ]);
    expect(await world.shardStream.counts(0)).toMatchObject({ accepted: 3, duplicate: 4, relayed: 0, dead: 0 });
  });

  test("forgets an id after its window, and not before", async () => {
    const { world, clock } = setup({ dedupWindowMs: 1000 });
    await world.tier.append([chunkOf("a")], 100);
    await clock.advance(999);
    expect(await world.tier.append([chunkOf("a")], 100)).toMatchObject([{ duplicates: [0] }]);
    await clock.advance(2000);
    expect(await world.tier.append([chunkOf("a")], 100)).toMatchObject([{ duplicates: [] }]);
  });

  test("refuses above a limit, and writes nothing then", async () => {
    const { world } = setup({ backlogEventsMax: 2 });
    await world.tier.append([chunkOf("a")], 100);
    expect(await world.tier.append([chunkOf("b", "c")], 100)).toMatchObject([{ kind: "ok" }]);
    expect(await world.tier.append([chunkOf("d")], 100)).toEqual([{ kind: "full" }]);
    expect(await world.shardStream.counts(0)).toMatchObject({ accepted: 3 });
  });

  test("a diversion stops an edge and not the drain", async () => {
    const { world } = setup();
    const lease = await world.leases.take(0, "r1", 1000);
    if (!lease) throw new Error("no lease");
    await world.shardStream.divert(lease);
    expect(await world.tier.append([chunkOf("a")], 100)).toEqual([{ kind: "diverted" }]);
    expect(await world.shardStream.append(lease, chunkOf("a"))).toMatchObject({ kind: "ok" });
  });
});

describe("leases", () => {
  test("one owner at a time; a later one's token makes the earlier harmless", async () => {
    const { world, clock } = setup();
    const first = await world.leases.take(0, "r1", 1000);
    if (!first) throw new Error("no lease");
    expect(await world.leases.take(0, "r2", 1000)).toBeNull();
    await clock.advance(1000);
    expect(await world.leases.renew(first, 1000)).toBe(false);
    const second = await world.leases.take(0, "r2", 1000);
    expect(second?.token).toBeGreaterThan(first.token);
    expect(await world.shardStream.divert(first)).toEqual({ kind: "fenced" });
    expect(await world.shardStream.append(first, chunkOf("a"))).toEqual({ kind: "fenced" });
    const nothing = { entries: [], relayed: 0 };
    expect(await world.shardStream.settle(first, nothing)).toBe("fenced");
  });

  test("an old token stays unknown after everything was emptied", async () => {
    const { world, clock } = setup();
    const first = await world.leases.take(0, "r1", 1000);
    if (!first) throw new Error("no lease");
    await clock.advance(1);
    world.streams.empty();
    await world.leases.take(0, "r2", 1000);
    expect(await world.leases.renew(first, 1000)).toBe(false);
  });
});

describe("the shard stream", () => {
  test("settles an entry once", async () => {
    const { world } = setup();
    const lease = await world.leases.take(0, "r1", 1000);
    if (!lease) throw new Error("no lease");
    await world.tier.append([chunkOf("a", "b")], 100);
    const [entry] = await world.shardStream.read(0, "0", 1, 0);
    if (!entry) throw new Error("no entry");
    const settled = { entries: [entry.id], relayed: 1 };
    expect(await world.shardStream.settle(lease, settled)).toBe("ok");
    expect(await world.shardStream.settle(lease, settled)).toBe("ok");
    expect(await world.shardStream.counts(0)).toMatchObject({ accepted: 2, relayed: 1, dead: 1, backlogBytes: 0 });
    expect(await world.shardStream.read(0, "0", 1, 0)).toEqual([]);
  });

  test("a waiting reader wakes with the append", async () => {
    const { world, clock } = setup();
    const reading = world.shardStream.read(0, "0", 10, 5000);
    await settlePromises();
    await world.tier.append([chunkOf("a")], 100);
    expect(await reading).toHaveLength(1);
    expect(clock.monotonicMs()).toBe(0);
    expect(clock.sleeping()).toBe(0);
  });
});

describe("the outbox", () => {
  test("a transaction that commits late shows a lower id after a higher one", async () => {
    const { world } = setup();
    const late = world.outbox.begin();
    late.insert(chunkOf("late"));
    await world.outboxTier.append([chunkOf("early")], 100);
    const drain = world.outboxDrain;
    const seen: string[] = [];
    const move = async (rows: readonly { id: string }[]) => seen.push(...rows.map((row) => row.id));
    expect(await drain.drain(OWNER, 10, move)).toEqual({ found: 1, removed: 1 });
    expect(await world.outboxTier.occupied([0], 100)).toEqual([]);
    late.commit();
    expect(await world.outboxTier.occupied([0], 100)).toEqual([0]);
    await drain.drain(OWNER, 10, move);
    expect(seen).toEqual(["2", "1"]);
  });

  test("a move that fails leaves every row, a move that stops early leaves the rest", async () => {
    const { world } = setup();
    for (const id of ["a", "b", "c"]) await world.outboxTier.append([chunkOf(id)], 100);
    const drain = world.outboxDrain;
    await expect(drain.drain(OWNER, 10, async () => Promise.reject(new Error("crash")))).rejects.toThrow("crash");
    expect(world.outbox.rows(0)).toHaveLength(3);
    expect(await drain.drain(OWNER, 10, async () => 2)).toEqual({ found: 3, removed: 2 });
    expect(world.outbox.rows(0).map((row) => row.id)).toEqual(["3"]);
  });
});

test("a dead letter is kept once and replayed once, past the dedup keys", async () => {
  const { world } = setup();
  const dead = event("a");
  await world.tier.append([chunkOf("a")], 100);
  const letter = {
    ...dead,
    entry: "1-0",
    index: 0,
    deadLetterClass: "poison" as const,
    code: "X",
    detail: "refused",
    topic: "t",
    attempts: 1,
    receivedAtMs: 1,
  };
  await world.deadLetters.put([letter, { ...letter, code: "Y" }]);
  await world.deadLetters.put([letter]);
  expect(world.letters.all().map((one) => one.code)).toEqual(["X"]);
  expect(await world.replay(["1"], { by: "ann" })).toEqual({ replayed: ["1"], refused: [] });
  expect(await world.replay(["1"], { by: "bob" })).toMatchObject({ replayed: [], refused: [{ code: "replayed" }] });
  expect(world.letters.all()).toMatchObject([{ replayedBy: "ann" }]);
  const [row] = world.outbox.rows(0);
  const [again] = row ? decodeChunk(row.chunk, platform).events : [];
  expect(again).toMatchObject({ replay: 1, partitionKey: "k", type: "t" });
  expect(again?.dedupKey).not.toBe(dead.dedupKey);
});

test("the ledger tells what was found lost last", async () => {
  const { world } = setup();
  const { ledger, shardStream } = world;
  const lease = { shard: 0, owner: "a", token: 1 };
  await ledger.record([{ shard: 0, writer: "w", acknowledged: 2, ended: [] }], 100);
  const counts = await shardStream.counts(0);
  const { writers } = await ledger.checkpoint(lease, 1, { counts, losses: null });
  expect([writers, ledger.unaccounted(0)]).toEqual([
    [{ writer: "w", acknowledged: 2, had: 0, inRedis: 0, ended: [], forgiven: [], givenUp: false, idleMs: 0 }],
    0,
  ]);
  await ledger.checkpoint(lease, 2, { counts, losses: [{ writer: "w", events: [[0, 2]] }] });
  expect(ledger.unaccounted(0)).toBe(2);
});

describe("the sink", () => {
  const record = (value: string): SinkRecord => ({
    key: "k",
    value: new TextEncoder().encode(value),
    headers: {},
    timestampMs: 1,
  });

  test("appends to the partition, or refuses the whole request", async () => {
    const { world } = setup();
    world.topics.create("t", { partitions: 2, recordBytesMax: 10 });
    expect(await world.sink.partitions("t")).toMatchObject({ kind: "ok", count: 2 });
    expect(await world.sink.publish("t", 1, [record("1"), record("2")], () => true)).toEqual({ kind: "ok" });
    expect(await world.sink.publish("t", 1, [record("3"), record("x".repeat(20))], () => true)).toMatchObject({
      kind: "fatal",
    });
    expect(await world.sink.publish("t", 2, [record("3")], () => true)).toMatchObject({ kind: "retriable" });
    expect(world.topics.get("t")?.partitions.map((log) => log.length)).toEqual([0, 2]);
  });

  test("a fault of one topic leaves the others alone", async () => {
    const { world } = setup();
    world.topics.create("bad");
    world.topics.create("good");
    world.topics.fault("bad", { kind: "retriable", code: "NOT_LEADER" });
    expect(await world.sink.publish("bad", 0, [record("1")], () => true)).toMatchObject({ code: "NOT_LEADER" });
    expect(await world.sink.publish("good", 0, [record("1")], () => true)).toEqual({ kind: "ok" });
  });
});

test("an outage takes down every port of its backend, and no other", async () => {
  const { world } = setup();
  world.outages.start("redis");
  expect(await world.tier.append([chunkOf("a")], 100)).toEqual([{ kind: "retriable", code: "refused" }]);
  await expect(world.shardStream.counts(0)).rejects.toThrow("unavailable: refused");
  await expect(world.leases.take(0, "r", 1)).rejects.toThrow("unavailable: refused");
  expect(await world.outboxTier.append([chunkOf("a")], 100)).toMatchObject([{ kind: "ok" }]);
  world.outages.end("redis");
  expect(await world.tier.append([chunkOf("a")], 100)).toMatchObject([{ kind: "ok" }]);
});
