import { describe, expect, test } from "vitest";
import { createEdgeWorld, eventFor, eventOfShard, kinds } from "./edge-world.fixture.ts";

/** Longer than any answer takes. */
const ANSWERED_MS = 1_000;

const started = async () => {
  const edge = createEdgeWorld();
  await edge.committer.start();
  const copied = (shard = 0): number => edge.world.outbox.copies(shard).reduce((sum, { events }) => sum + events, 0);
  return { ...edge, copied };
};

describe("an event that is to be in both tiers", () => {
  test.each(["both", "required"] as const)(
    "(%s) is answered when the stream and Postgres have it, side by side",
    async (durability) => {
      const { committer, stream, copies, copied, world, clock } = await started();
      stream.delay(50);
      copies.delay(60);
      let isAnswered = false;
      const answer = committer.commit([eventFor(durability, "a")]);
      void answer.then(() => (isAnswered = true));
      await clock.advance(55);
      expect([world.streams.counts(0).accepted, isAnswered]).toEqual([1, false]);
      await clock.advance(10);
      expect(kinds(await answer)).toEqual(["accepted both"]);
      expect([copied(), world.outbox.size().events]).toEqual([1, 0]);
      committer.close();
    },
  );

  test("has its retry copied, too: a duplicate of what has no copy is not in both", async () => {
    const { committer, copies, copied, clock } = await started();
    copies.obstruct("freeze");
    const first = committer.commit([eventFor("required", "a")]);
    await clock.advance(ANSWERED_MS);
    expect([kinds(await first), copied()]).toEqual([["both_unavailable"], 0]);
    copies.obstruct("pass");
    await clock.advance(3_000);
    expect(kinds(await committer.commit([eventFor("required", "a")]))).toEqual(["duplicate both"]);
    expect(copied()).toBe(1);
    committer.close();
  });

  test("says what it has when it cannot be copied, at once while that is known, and is refused where both is required", async () => {
    const { committer, copies, outbox, clock } = await started();
    for (const tier of [copies, outbox]) tier.obstruct("freeze");
    const wanted = committer.commit([eventFor("both", "a")]);
    await clock.advance(ANSWERED_MS);
    expect(kinds(await wanted)).toEqual(["accepted stream"]);
    const calls = copies.calls.length;
    expect(kinds(await committer.commit([eventFor("both", "b"), eventFor("required", "c", 1)]))).toEqual([
      "accepted stream",
      "both_unavailable",
    ]);
    expect(copies.calls).toHaveLength(calls);
    committer.close();
  });

  test("goes by the outbox when the stream does not take it, without a copy before its row, and is refused where both is required", async () => {
    const { committer, stream, copied, world, clock } = await started();
    stream.obstruct("freeze");
    const answers = committer.commit([eventFor("both", "a"), eventFor("required", "b"), eventFor("both", "c")]);
    await clock.advance(ANSWERED_MS);
    expect(kinds(await answers)).toEqual(["accepted outbox", "both_unavailable", "accepted outbox"]);
    expect([copied(), world.outbox.size().events]).toEqual([0, 3]);
    expect(kinds(await committer.commit([eventFor("both", "d"), eventFor("required", "e")]))).toEqual([
      "accepted outbox",
      "both_unavailable",
    ]);
    committer.close();
  });

  test("is not said to be unstored once a copy may be there", async () => {
    const { committer, stream, outbox, clock } = await started();
    outbox.obstruct("hang");
    stream.obstruct("freeze");
    const answer = committer.commit([eventFor("both", "a")]);
    await clock.advance(ANSWERED_MS);
    expect(kinds(await answer)).toEqual(["unavailable"]);
    committer.close();
  });
});

describe("a copy that hangs", () => {
  test("holds back its own shard, and nobody else", async () => {
    const { committer, copies, clock } = await started();
    copies.obstruct("hang");
    const slow = committer.commit([eventFor("both", "a")]);
    const behind = committer.commit([eventOfShard(0, "b")]);
    expect(kinds(await committer.commit([eventOfShard(1, "c")]))).toEqual(["accepted stream"]);
    await clock.advance(ANSWERED_MS);
    expect([kinds(await slow), kinds(await behind)]).toEqual([["accepted stream"], ["accepted stream"]]);
    committer.close();
  });

  test("is answered in time, whatever waits behind it", async () => {
    const { committer, copies, stream, clock } = await started();
    copies.obstruct("freeze");
    stream.delay(300);
    const answers = [committer.commit([eventFor("both", "a")]), committer.commit([eventFor("both", "b")])];
    let answered = 0;
    for (const answer of answers) void answer.then(() => answered++);
    await clock.advance(ANSWERED_MS);
    expect(answered).toBe(2);
    committer.close();
  });
});

describe("what is to be copied and what is not", () => {
  test("keep their order in one shard, in as few chunks as ever", async () => {
    const { committer, stream, copied, world } = await started();
    const ids = Array.from({ length: 20 }, (_, i) => `e${i}`);
    const answers = await committer.commit(
      ids.map((id, i) => (i % 2 === 0 ? eventOfShard(0, id) : eventFor("both", id))),
    );
    expect(kinds(answers)).toEqual(["accepted stream", ...Array(19).fill("accepted both")]);
    expect([stream.calls.length, copied()]).toEqual([2, 19]);
    expect(world.streams.entriesAfter(0, "0", 10).map(({ events }) => events)).toEqual([1, 19]);
    committer.close();
  });

  test("of different shards go in one append, and in one insert", async () => {
    const { committer, stream, copies } = await started();
    await committer.commit([eventFor("both", "a", 0), eventOfShard(1, "b"), eventFor("both", "c", 2)]);
    expect(stream.calls.map((chunks) => chunks.length)).toEqual([3]);
    expect(copies.calls.map((chunks) => chunks.map(({ shard }) => shard))).toEqual([[0, 2]]);
    committer.close();
  });
});
