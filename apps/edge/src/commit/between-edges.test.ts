import { describe, expect, test } from "vitest";
import { drainOnce, idsInStream } from "./drain.fixture.ts";
import { createEdgeWorld, eventOfShard, kinds } from "./edge-world.fixture.ts";

describe("an edge that falls back", () => {
  test("has diverted the shard in Redis, for all edges, when it answers", async () => {
    const { committer, world, stream } = createEdgeWorld({ backlogEventsMax: 1 });
    await committer.start();
    await committer.commit([eventOfShard(0, "a")]);
    expect(kinds(await committer.commit([eventOfShard(0, "b")]))).toEqual(["accepted outbox"]);
    expect([world.streams.diverted(0), world.streams.diverted(1)]).toEqual([true, false]);
    expect(stream.diverts).toEqual([[0]]);
    committer.close();
  });

  test("does so for every insert, since the drain may have ended the diversion in between", async () => {
    const { committer, world, stream } = createEdgeWorld({ backlogEventsMax: 2 });
    await committer.start();
    for (const id of ["a", "b", "c"]) await committer.commit([eventOfShard(0, id)]);
    world.streams.settle(0, { entries: world.streams.entriesAfter(0, "0", 9).map(({ id }) => id), relayed: 2 });
    for (let pass = 0; pass < 2; pass++) await drainOnce(world, 0, 10);
    expect(world.streams.diverted(0)).toBe(false);
    await committer.commit([eventOfShard(0, "d")]);
    expect(world.streams.diverted(0)).toBe(true);
    expect(stream.diverts).toEqual([[0], [0]]);
    committer.close();
  });

  test("diverts nothing for what the outbox did not record: nobody could end that without the outbox", async () => {
    const { committer, world, stream } = createEdgeWorld({ backlogEventsMax: 1 });
    await committer.start();
    await committer.commit([eventOfShard(0, "a")]);
    world.outages.start("postgres");
    expect(kinds(await committer.commit([eventOfShard(0, "b")]))).toEqual(["unavailable"]);
    expect(stream.diverts).toEqual([]);
    committer.close();
  });

  test("diverts with the next insert what it could not while Redis was away, unless the outbox was seen without it", async () => {
    const { committer, world, clock, stream } = createEdgeWorld({ backlogEventsMax: 1 });
    await committer.start();
    await committer.commit([0, 1, 2].map((shard) => eventOfShard(shard, `fills ${shard}`)));
    stream.obstruct("reject");
    await committer.commit([0, 1, 2].map((shard) => eventOfShard(shard, `away ${shard}`)));
    stream.obstruct("pass");
    world.streams.settle(2, { entries: world.streams.entriesAfter(2, "0", 9).map(({ id }) => id), relayed: 1 });
    for (let pass = 0; pass < 2; pass++) await drainOnce(world, 2, 10);
    await clock.advance(2_900);
    expect([stream.diverts, committer.state()]).toMatchObject([[[0, 1, 2]], { stream: true, divertedShards: 2 }]);
    world.outages.start("postgres");
    await committer.commit([eventOfShard(1, "not recorded")]);
    expect(stream.diverts).toHaveLength(1);
    world.outages.end("postgres");
    await committer.commit([eventOfShard(1, "back 1")]);
    await committer.commit([eventOfShard(1, "later")]);
    expect(stream.diverts).toEqual([[0, 1, 2], [1, 0], [1]]);
    committer.close();
  });

  test("diverts nothing in a Redis that is not its installation's", async () => {
    const { committer, belonging, stream } = createEdgeWorld();
    await committer.start();
    belonging.found("redis", null);
    expect(kinds(await committer.commit([eventOfShard(0, "a")]))).toEqual(["accepted outbox"]);
    expect(stream.diverts).toEqual([]);
    committer.close();
  });

  test.each(["freeze", "hang", "reject"] as const)(
    "answers in less than a second when diverting %s, and the breaker has heard of it",
    async (fault) => {
      const { committer, clock, stream, logged } = createEdgeWorld({ backlogEventsMax: 1 });
      await committer.start();
      await committer.commit([eventOfShard(0, "a")]);
      await committer.commit([eventOfShard(0, "b")]);
      stream.obstruct(fault);
      for (const id of ["c", "d", "e", "f"]) {
        const answer = committer.commit([eventOfShard(0, id)]);
        await clock.advance(100);
        expect(kinds(await answer)).toEqual(["accepted outbox"]);
      }
      // Its own reads of the promise open no breaker: three diverts did, and the fourth was not tried.
      expect([stream.diverts.length, committer.state().stream]).toEqual([4, false]);
      expect(logged.filter(({ event }) => event === "shard.not_diverted").length).toBe(3);
      committer.close();
    },
  );

  test("pays nothing while it does not", async () => {
    const { committer, stream } = createEdgeWorld();
    await committer.start();
    for (const id of ["a", "b"]) await committer.commit([eventOfShard(0, id)]);
    expect([stream.calls.length, stream.diverts.length]).toEqual([2, 0]);
    committer.close();
  });
});

describe("another edge", () => {
  const twoEdges = async () => {
    const one = createEdgeWorld();
    const cut = createEdgeWorld({}, one);
    await Promise.all([one.committer.start(), cut.committer.start()]);
    await one.clock.advance(10);
    cut.stream.obstruct("reject");
    return { one, cut };
  };

  test("looks once a second what the outbox holds, and puts what comes then behind it", async () => {
    const { one, cut } = await twoEdges();
    expect(kinds(await cut.committer.commit([eventOfShard(0, "a")]))).toEqual(["accepted outbox"]);
    await one.clock.advance(800);
    const answer = await one.committer.commit([eventOfShard(0, "b"), eventOfShard(1, "c")]);
    expect(kinds(answer)).toEqual(["accepted outbox", "accepted stream"]);
    expect(one.logged).toContainEqual({ event: "shard.diverted", fields: { shard: 0, code: "outbox_occupied" } });
    await drainOnce(one.world, 0, 10);
    expect(idsInStream(one.world, 0)).toEqual(["a", "b"]);
  });

  test("stays away from the stream of such a shard while the outbox cannot be read", async () => {
    const { one, cut } = await twoEdges();
    await cut.committer.commit([eventOfShard(0, "a")]);
    await one.clock.advance(1_000);
    one.world.outages.start("postgres");
    await one.clock.advance(5_000);
    expect(kinds(await one.committer.commit([eventOfShard(0, "b")]))).toEqual(["unavailable"]);
    expect(one.committer.state().divertedShards).toBe(1);
  });

  test("goes on with the stream when the outbox does not answer, as long as no row was seen", async () => {
    const { one } = await twoEdges();
    one.world.outages.start("postgres");
    await one.clock.advance(5_000);
    expect(kinds(await one.committer.commit([eventOfShard(0, "a")]))).toEqual(["accepted stream"]);
  });
});
