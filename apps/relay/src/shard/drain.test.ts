import { type OnWeakRedis, type TierPromise, Unavailable } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { createStage, TOPIC } from "../stage.fixture.ts";

const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `e${from + i}`);

const opened = async (options: Parameters<typeof createStage>[0] = {}) => {
  const stage = createStage(options);
  const running = stage.start("r1");
  const diversion = () => running.relay.state().shards[0]?.diversion;
  await stage.until(() => diversion() === "ended");
  return { stage, diversion, ...running };
};

/** The first of each. */
const firsts = (ids: readonly string[]): string[] => [...new Set(ids)];

describe("the drain", () => {
  test("moves the outbox into the stream in id order, diverted meanwhile, and ends that when all is through", async () => {
    const { stage, diversion } = await opened();
    stage.postToOutbox(ids(0, 499));
    await stage.until(() => diversion() === "begun");
    expect(stage.world.streams.diverted(0)).toBe(true);
    await stage.until(() => stage.ids().length === 500);
    expect(stage.ids()).toEqual(ids(0, 499));
    await stage.until(() => diversion() === "ended");
    expect(stage.world.streams.diverted(0)).toBe(false);
    expect(stage.world.outbox.size().events).toBe(0);
  });

  test("many small rows enter in few appends, in id order and with their own times of ingest", async () => {
    const stage = createStage();
    const shardStream = stage.world.shardStream;
    const appended: number[] = [];
    const append: typeof shardStream.append = (lease, chunk) => {
      appended.push(chunk.events);
      return shardStream.append(lease, chunk);
    };
    stage.postToOutbox(ids(0, 4));
    await stage.clock.advance(100);
    stage.postToOutbox(ids(5, 24));
    stage.start("r1", { shardStream: { ...shardStream, append } }, { drainEventsMax: 10 });
    await stage.until(() => stage.ids().length === 25);
    expect(appended).toEqual([10, 10, 5]);
    expect(stage.ids()).toEqual(ids(0, 24));
    const times = stage.world.topics.get(TOPIC)?.partitions[0]?.map((record) => record.timestampMs) ?? [];
    expect(times[24]! - times[0]!).toBe(100);
  });

  test("the shard is diverted before the first row moves", async () => {
    const stage = createStage();
    const divertedAt: boolean[] = [];
    const shardStream = stage.world.shardStream;
    const append: typeof shardStream.append = (lease, chunk) => {
      divertedAt.push(stage.world.streams.diverted(0));
      return shardStream.append(lease, chunk);
    };
    stage.start("r1", { shardStream: { ...shardStream, append } });
    stage.postToOutbox(ids(0, 2));
    await stage.until(() => stage.ids().length === 3);
    expect(divertedAt).toEqual([true, true, true]);
  });

  const weak = { state: "broken", because: ["appendonly"] } as const;

  test("no row enters a stream that does not keep it; that is said, and they go on, in order, when it does", async () => {
    const { stage, diversion, relay } = await opened();
    stage.world.promise.become(weak);
    stage.postToOutbox(ids(0, 49));
    await stage.clock.advance(3_000);
    expect(diversion()).toBe("begun");
    expect(stage.world.outbox.size().events).toBe(50);
    expect(stage.ids()).toEqual([]);
    expect(relay.state().troubles).toMatchObject([{ shard: 0, state: "draining", code: "weak_redis" }]);
    stage.postToOutbox(ids(50, 99));
    stage.world.promise.become({ state: "mending", because: ["aof_rewrite_in_progress"] });
    await stage.clock.advance(3_000);
    expect(stage.ids()).toEqual([]);
    stage.world.promise.become({ state: "kept" });
    await stage.until(() => diversion() === "ended");
    await stage.until(() => stage.ids().length === 100);
    expect(stage.ids()).toEqual(ids(0, 99));
    expect(relay.state().troubles).toEqual([]);
  });

  test.each([
    ["stay, and come again", 0, 3],
    ["are deleted", 3, 0],
  ])("of what Redis loses while rows %s, %i events are told as lost", async (_name, lost, come) => {
    const stage = createStage();
    const { shardStream, promise, streams, ledger, outbox } = stage.world;
    stage.broker.answer = () => ({ kind: "retriable", code: "connection_failed" });
    const append: typeof shardStream.append = (lease, chunk) => {
      if (lost === 0) promise.become(weak);
      return shardStream.append(lease, chunk);
    };
    const first = stage.start("r1", { shardStream: { ...shardStream, append } });
    stage.postToOutbox(ids(0, 2));
    await stage.until(() => streams.counts(0).accepted === 3);
    // Its accounts are recorded each second.
    await stage.clock.advance(3_000);
    expect(outbox.size().events).toBe(come);
    first.kill();
    streams.empty();
    promise.become({ state: "kept" });
    stage.broker.answer = () => null;
    stage.start("r2");
    await stage.clock.advance(20_000);
    expect([stage.ids().length, outbox.size().events, ledger.unaccounted(0)]).toEqual([come, 0, lost]);
  });

  test("a row that the stream took while it stopped keeping what it takes stays in the outbox, and is not lost with it", async () => {
    const stage = createStage();
    const { shardStream, promise, streams } = stage.world;
    let appends = 0;
    stage.broker.answer = () => ({ kind: "retriable", code: "connection_failed" });
    const append: typeof shardStream.append = (lease, chunk) => {
      if (appends++ === 0) promise.become(weak);
      return shardStream.append(lease, chunk);
    };
    stage.start("r1", { shardStream: { ...shardStream, append } });
    stage.postToOutbox(ids(0, 2));
    await stage.until(() => streams.counts(0).accepted === 3);
    await stage.clock.advance(1_000);
    expect(stage.world.outbox.size().events).toBe(3);
    streams.empty();
    promise.become({ state: "kept" });
    stage.broker.answer = () => null;
    await stage.until(() => firsts(stage.ids()).length === 3 && stage.world.outbox.size().events === 0, 30_000);
    expect(firsts(stage.ids())).toEqual(ids(0, 2));
  });

  test.each<[TierPromise, OnWeakRedis]>([
    [{ state: "unknown", because: ["appendonly"] }, "outbox"],
    [weak, "warn"],
  ])("with a promise that is %j and %s rows enter", async (promise, onWeakRedis) => {
    const stage = createStage();
    stage.world.promise.become(promise);
    stage.postToOutbox(ids(0, 9));
    stage.start("r1", {}, { onWeakRedis });
    await stage.until(() => stage.ids().length === 10);
  });

  test("a diversion that a dead owner left ends when there is nothing to drain", async () => {
    const stage = createStage();
    const lease = await stage.world.leases.take(0, "dead", 10);
    if (lease) await stage.world.shardStream.divert(lease);
    await stage.clock.advance(20);
    stage.start("r1");
    await stage.until(() => !stage.world.streams.diverted(0));
  });

  test("a diversion stays while the outbox cannot be read, and ends after it", async () => {
    const { stage, diversion } = await opened();
    stage.postToOutbox(ids(0, 499));
    await stage.until(() => diversion() === "begun");
    stage.world.outages.start("postgres");
    await stage.clock.advance(10_000);
    expect(stage.world.streams.diverted(0)).toBe(true);
    stage.world.outages.end("postgres");
    await stage.until(() => stage.ids().length === 500 && diversion() === "ended");
    expect(stage.ids()).toEqual(ids(0, 499));
  });

  test("a stamp that an edge raises late, when there is nothing to drain, is found and ended", async () => {
    const { stage, diversion } = await opened();
    expect(await stage.world.tier.divert([0], 100)).toBeNull();
    await stage.until(() => !stage.world.streams.diverted(0), 1_000);
    await stage.until(() => diversion() === "ended");
  });

  test("a diversion that an edge raised anew is not ended by a read of the outbox from before that", async () => {
    const stage = createStage();
    const { outboxDrain, streams, tier } = stage.world;
    let raises = 1;
    const drain: typeof outboxDrain.drain = async (owner, rowsMax, move) => {
      const drained = await outboxDrain.drain(owner, rowsMax, move);
      // An edge records another row after the read, says so, and only then the end of the diversion arrives.
      if (drained.found === 0 && raises-- > 0) {
        stage.postToOutbox(["b"]);
        await tier.divert([0], 100);
      }
      return drained;
    };
    const shardStream = stage.world.shardStream;
    const ends: string[] = [];
    const endDiversion: typeof shardStream.endDiversion = async (lease, stamp) => {
      const end = await shardStream.endDiversion(lease, stamp);
      ends.push(`${end} with ${stage.world.outbox.size().events} rows`);
      return end;
    };
    const { relay } = stage.start("r1", {
      outboxDrain: { ...outboxDrain, drain },
      shardStream: { ...shardStream, endDiversion },
    });
    stage.postToOutbox(["a"]);
    await stage.until(() => stage.ids().length === 2 && relay.state().shards[0]?.diversion === "ended");
    expect([ends, streams.diverted(0)]).toEqual([["renewed with 1 rows", "ok with 0 rows"], false]);
  });

  test("an end without an answer, which may still come to pass, ends nothing that began after it", async () => {
    const stage = createStage();
    const { shardStream, streams } = stage.world;
    let late: (() => Promise<unknown>) | null = null;
    let isLost = false;
    const endDiversion: typeof shardStream.endDiversion = async (lease, stamp) => {
      if (isLost) return shardStream.endDiversion(lease, stamp);
      isLost = true;
      late = () => shardStream.endDiversion(lease, stamp);
      throw new Unavailable("timeout");
    };
    const diverted: boolean[] = [];
    const append: typeof shardStream.append = async (lease, chunk) => {
      if (isLost) await late?.();
      diverted.push(streams.diverted(0));
      return shardStream.append(lease, chunk);
    };
    stage.start("r1", { shardStream: { ...shardStream, endDiversion, append } });
    stage.postToOutbox(["a"]);
    await stage.until(() => isLost);
    stage.postToOutbox(["b"]);
    await stage.until(() => stage.ids().length === 2 && !streams.diverted(0));
    expect(diverted).toEqual([true, true]);
    expect(stage.logged("lease.ended")).toEqual([]);
  });

  test("stops at a full stream, stays diverted, and comes back when there is room", async () => {
    const { stage, diversion } = await opened({ backlogEventsMax: 3 });
    stage.broker.answer = () => ({ kind: "retriable", code: "connection_failed" });
    stage.postToOutbox(ids(0, 9));
    await stage.clock.advance(5_000);
    expect(await stage.pending()).toBe(3);
    expect(diversion()).toBe("begun");
    expect(stage.world.outbox.size().events).toBe(7);
    stage.broker.answer = () => null;
    await stage.until(() => stage.ids().length === 10 && diversion() === "ended");
    expect(stage.ids()).toEqual(ids(0, 9));
  });

  test("rows whose transaction failed after the move are moved again, as duplicates", async () => {
    const { stage } = await opened();
    const shardStream = stage.world.shardStream;
    stage.postToOutbox(ids(0, 4));
    // Postgres goes away between the appends and the commit.
    await stage.until(() => stage.world.outages.code("postgres") === null);
    const lease = await stage.world.leases.take(0, "r1", 5_000);
    if (!lease) throw new Error("no lease");
    await expect(
      stage.world.outboxDrain.drain(lease, 10, async (rows) => {
        const { decodeChunk, dedupKeysOf } = await import("@spillway/event");
        const { platform } = await import("@spillway/event/platform-node");
        for (const row of rows) {
          const dedupKeys = dedupKeysOf(decodeChunk(row.chunk, platform).events);
          await shardStream.append(lease, { ...row, putBy: undefined, dedupKeys });
        }
        stage.world.outages.start("postgres");
        return rows.length;
      }),
    ).rejects.toThrow();
    stage.world.outages.end("postgres");
    await stage.until(() => stage.world.outbox.size().events === 0);
    await stage.until(() => stage.ids().length === 5);
    await stage.clock.advance(2_000);
    expect(stage.ids()).toEqual(ids(0, 4));
  });

  test("a row that nobody can read becomes a dead letter and holds up nothing", async () => {
    const { stage } = await opened();
    const transaction = stage.world.outbox.begin();
    transaction.insert({ shard: 0, chunk: new Uint8Array(50), events: 3, dedupKeys: "" });
    transaction.commit();
    stage.postToOutbox(["after"]);
    await stage.until(() => stage.ids().length === 1);
    expect(stage.letters()).toMatchObject([
      { entry: "outbox/1", index: -1, deadLetterClass: "undecodable", bytes: new Uint8Array(50) },
    ]);
    await stage.until(() => stage.world.outbox.size().events === 0);
  });

  test("such a row stays where it is, and in the way, until the dead letters hold it", async () => {
    const stage = createStage();
    let isDown = true;
    const put: typeof stage.world.deadLetters.put = async (letters) => {
      if (isDown) throw new Unavailable("refused");
      return stage.world.deadLetters.put(letters);
    };
    stage.start("r1", { deadLetters: { put } });
    const transaction = stage.world.outbox.begin();
    transaction.insert({ shard: 0, chunk: new Uint8Array(50), events: 3, dedupKeys: "" });
    transaction.commit();
    stage.postToOutbox(["after"]);
    await stage.clock.advance(10_000);
    expect(stage.world.outbox.size().events).toBe(4);
    expect(stage.ids()).toEqual([]);
    isDown = false;
    await stage.until(() => stage.ids().length === 1);
    expect(stage.letters().length).toBe(1);
  });

  test("stops when its lease is lost: what comes after the loss is the next owner's to move", async () => {
    const stage = createStage();
    const shardStream = stage.world.shardStream;
    let appends = 0;
    const append: typeof shardStream.append = async (lease, chunk) => {
      if (++appends === 3) await stage.world.leases.take(0, "r1", 5_000);
      return shardStream.append(lease, chunk);
    };
    const { relay } = stage.start("r1", { shardStream: { ...shardStream, append } });
    await stage.until(() => relay.state().shards[0]?.diversion === "ended");
    stage.broker.answer = () => ({ kind: "retriable", code: "connection_failed" });
    stage.postToOutbox(ids(0, 9));
    // The third append tells it, a second before the next renewal would.
    await stage.until(() => stage.logged("lease.ended").length === 1, 500);
    expect(stage.logged("lease.ended")[0]?.fields.code).toBe("fenced");
    expect(appends).toBe(3);
    stage.broker.answer = () => null;
    await stage.until(() => stage.ids().length === 10);
    expect(stage.ids()).toEqual(ids(0, 9));
  });

  test("neither deletes nor answers for a row that another has taken since, who moves it anew into an emptied Redis", async () => {
    const stage = createStage();
    const { outboxDrain, outbox, streams, ledger } = stage.world;
    stage.broker.answer = () => ({ kind: "retriable", code: "connection_failed" });
    let removed: number | null = null;
    const first = stage.start("r1", {
      outboxDrain: {
        ...outboxDrain,
        drain: async (owner, rowsMax, move, positions) => {
          let moved = 0;
          const outlived: typeof move = async (rows) => {
            moved = await move(rows);
            if (removed !== null) return moved;
            await outboxDrain.drain({ ...owner, token: owner.token + 1 }, 10, async () => 0);
            streams.empty();
            return moved;
          };
          const answer = await outboxDrain.drain(owner, rowsMax, outlived, positions);
          if (moved > 0) removed ??= answer.removed;
          return answer;
        },
      },
    });
    stage.postToOutbox(["a"]);
    await stage.until(() => removed !== null);
    expect([removed, outbox.size().events]).toEqual([0, 1]);
    // Its accounts are recorded each second. Its checkpoint finds the higher token, and it takes the lease again, above that.
    await stage.clock.advance(5_000);
    first.kill();
    stage.broker.answer = () => null;
    stage.start("r2");
    await stage.clock.advance(20_000);
    expect([stage.ids(), outbox.size().events, ledger.unaccounted(0)]).toEqual([["a"], 0, 0]);
  });

  test("a hint that comes while it looks is not lost", async () => {
    const stage = createStage();
    const { outboxDrain } = stage.world;
    let slow = false;
    const occupied: typeof outboxDrain.occupied = async (shards, deadlineMs) => {
      const answer = await outboxDrain.occupied(shards, deadlineMs);
      if (slow) await stage.clock.sleep(100);
      return answer;
    };
    const { relay } = stage.start("r1", { outboxDrain: { ...outboxDrain, occupied } });
    await stage.until(() => relay.state().shards[0]?.diversion === "ended");
    slow = true;
    stage.postToOutbox(["a"]);
    await stage.until(() => stage.ids().length === 1);
    await stage.clock.advance(40);
    stage.postToOutbox(["b"]);
    await stage.clock.advance(50);
    stage.postToOutbox(["c"]);
    await stage.until(() => stage.ids().length === 3, 350);
  });
});
