import { decodeChunk } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { describe, expect, test } from "vitest";
import { createEdgeWorld, eventOfShard, kinds, SHARDS } from "./edge-world.fixture.ts";

const shardsOf = (calls: readonly (readonly { readonly shard: number; readonly events: number }[])[]) =>
  calls.map((chunks) => chunks.map(({ shard, events }) => `${shard}:${events}`).sort());

describe("group commit", () => {
  test("the first request goes at once, those that come meanwhile go together", async () => {
    const { committer, stream, clock } = createEdgeWorld();
    await committer.start();
    stream.delay(5);
    const answers = [0, 1, 2, 3, 4].map((n) => committer.commit([eventOfShard(n % 2, `e${n}`)]));
    expect(shardsOf(stream.calls)).toEqual([["0:1"]]);
    await clock.advance(5);
    expect(shardsOf(stream.calls)).toEqual([["0:1"], ["0:2", "1:2"]]);
    await clock.advance(5);
    expect((await Promise.all(answers)).flatMap(kinds)).toEqual(Array(5).fill("accepted stream"));
    expect(stream.calls).toHaveLength(2);
  });

  test("chunks stay within their limits, and a larger event goes alone", async () => {
    const { committer, stream, world } = createEdgeWorld({ commitEventsMax: 4, commitBytesMax: 2_000 });
    await committer.start();
    const sizes = [100, 100, 100, 100, 100, 1_000, 1_000, 3_000, 100];
    const results = await committer.commit(sizes.map((bytes, n) => eventOfShard(1, `e${n}`, bytes)));
    expect(kinds(results)).toEqual(Array(sizes.length).fill("accepted stream"));
    expect(stream.calls.flat().map(({ events }) => events)).toEqual([4, 2, 1, 1, 1]);
    expect(world.streams.counts(1).accepted).toBe(sizes.length);
  });

  test("one call stays within its limit and starves no shard", async () => {
    const { committer, stream, clock } = createEdgeWorld({ commitEventsMax: 2, callBytesMax: 1 });
    await committer.start();
    stream.delay(1);
    const events = Array.from({ length: 12 }, (_, n) => eventOfShard(n % SHARDS, `e${n}`));
    const answer = committer.commit(events);
    await clock.advance(8);
    expect(kinds(await answer)).toEqual(Array(12).fill("accepted stream"));
    const served = stream.calls.map((chunks) => chunks.map(({ shard }) => shard));
    expect(served.every((shards) => shards.length === 1)).toBe(true);
    expect(new Set(served.slice(0, SHARDS).flat()).size).toBe(SHARDS);
  });

  test("a small request waits for at most the chunks before it, not for all of a large batch's shards", async () => {
    const { committer, stream, clock } = createEdgeWorld({ commitEventsMax: 10 });
    await committer.start();
    stream.delay(1);
    let batchDone = false;
    const batch = committer.commit(Array.from({ length: 100 }, (_, n) => eventOfShard(0, `b${n}`)));
    void batch.then(() => {
      batchDone = true;
    });
    const small = committer.commit([eventOfShard(2, "small")]);
    await clock.advance(2);
    expect(kinds(await small)).toEqual(["accepted stream"]);
    expect(batchDone).toBe(false);
    await clock.advance(10);
    await batch;
  });

  test("a shard's events keep the order of their requests", async () => {
    const { committer, stream, world, clock } = createEdgeWorld({ commitEventsMax: 3 });
    await committer.start();
    stream.delay(1);
    const ids = Array.from({ length: 20 }, (_, n) => `e${n}`);
    const answers = ids.map((id) => committer.commit([eventOfShard(2, id)]));
    await clock.advance(20);
    await Promise.all(answers);
    const stored = world.streams
      .entriesAfter(2, "0", 100)
      .flatMap((entry) => decodeChunk(entry.chunk, platform).events)
      .map(({ bytes }) => (JSON.parse(new TextDecoder().decode(bytes)) as { id: string }).id);
    expect(stored).toEqual(ids);
  });

  test("every event has its own result, in the order of the request", async () => {
    const { committer } = createEdgeWorld();
    await committer.start();
    await committer.commit([eventOfShard(1, "old"), eventOfShard(3, "old")]);
    const results = await committer.commit([
      eventOfShard(0, "new"),
      eventOfShard(1, "old"),
      eventOfShard(1, "new"),
      eventOfShard(3, "old"),
      eventOfShard(1, "new"),
    ]);
    expect(kinds(results)).toEqual([
      "accepted stream",
      "duplicate stream",
      "accepted stream",
      "duplicate stream",
      "duplicate stream",
    ]);
  });

  test("no events are committed at once", async () => {
    const { committer, stream } = createEdgeWorld();
    expect(await committer.commit([])).toEqual([]);
    expect(stream.calls).toEqual([]);
  });

  test.each([
    ["events", { queueEventsMax: 5 }, 3, 100],
    ["bytes", { queueBytesMax: 1_500 }, 3, 400],
  ])("more %s than may wait are refused at once, as a whole", async (_, limits, count, bytes) => {
    const { committer, stream, clock } = createEdgeWorld(limits);
    await committer.start();
    stream.delay(5);
    const request = (name: string) =>
      committer.commit(Array.from({ length: count }, (_, n) => eventOfShard(0, `${name}${n}`, bytes)));
    const first = request("a");
    expect(kinds(await request("b"))).toEqual(Array(count).fill("overloaded"));
    await clock.advance(5);
    expect(kinds(await first)).toEqual(Array(count).fill("accepted stream"));
    const again = request("b");
    await clock.advance(5);
    expect(kinds(await again)).toEqual(Array(count).fill("accepted stream"));
  });
});
