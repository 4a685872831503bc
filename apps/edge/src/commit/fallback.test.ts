import { describe, expect, test } from "vitest";
import { createEdgeWorld, event, eventOfShard, kinds, SHARDS } from "./edge-world.fixture.ts";

/** Long enough for every answer, however it goes; and the bar that no answer may miss. */
const ANSWERED_MS = 1_000;
/** Not stored, or not known to be. */
const isRefusal = /^(unavailable|overloaded)$/;
const all = Array.from({ length: SHARDS }, (_, shard) => shard);

describe("fallback", () => {
  test("a frozen stream costs one deadline; what waited behind it and what comes later goes to the outbox at once", async () => {
    const { committer, stream, outbox, clock } = createEdgeWorld();
    await committer.start();
    stream.obstruct("freeze");
    const first = committer.commit([eventOfShard(0, "a")]);
    const behind = committer.commit([eventOfShard(0, "b"), eventOfShard(2, "b"), eventOfShard(1, "b")]);
    await clock.advance(399);
    expect(outbox.calls).toHaveLength(0);
    await clock.advance(1);
    expect(kinds(await first)).toEqual(["accepted outbox"]);
    expect(kinds(await behind)).toEqual(Array(3).fill("accepted outbox"));
    const calls = stream.calls.length;
    expect(kinds(await committer.commit(all.map((shard) => eventOfShard(shard, "c"))))).toEqual(
      Array(SHARDS).fill("accepted outbox"),
    );
    expect(stream.calls).toHaveLength(calls);
    committer.close();
  });

  test("an event is answered in time while another shard's insert hangs, too", async () => {
    const { committer, stream, outbox, clock } = createEdgeWorld();
    await committer.start();
    stream.obstruct("hang");
    outbox.obstruct("hang");
    let isAnswered = false;
    void committer.commit([eventOfShard(0, "a")]).then(() => {
      isAnswered = true;
    });
    await clock.advance(300);
    const other = committer.commit([eventOfShard(1, "b")]);
    await clock.advance(600);
    expect(outbox.calls.map((chunks) => chunks.map(({ shard }) => shard))).toEqual([[1]]);
    expect(isAnswered).toBe(true);
    await clock.advance(300);
    expect(kinds(await other)).toEqual(["unavailable"]);
    committer.close();
  });

  test("a lost reply is a duplicate in the other tier, never a loss", async () => {
    const { committer, stream, world, clock } = createEdgeWorld();
    await committer.start();
    stream.obstruct("lose_replies");
    const answer = committer.commit([eventOfShard(0, "a")]);
    await clock.advance(400);
    expect(kinds(await answer)).toEqual(["accepted outbox"]);
    expect([world.streams.counts(0).accepted, world.outbox.size().events]).toEqual([1, 1]);
    committer.close();
  });

  test.each(["hang", "reject"] as const)(
    "a stream whose appends %s is a stream that did not take them",
    async (fault) => {
      const { committer, stream, clock } = createEdgeWorld();
      await committer.start();
      stream.obstruct(fault);
      const answer = committer.commit([eventOfShard(0, "a")]);
      await clock.advance(ANSWERED_MS);
      expect(kinds(await answer)).toEqual(["accepted outbox"]);
      committer.close();
    },
  );

  test("a refused connection falls over at once and opens the breaker at the third, be it of an append or of a divert", async () => {
    const { committer, world, stream } = createEdgeWorld();
    await committer.start();
    world.outages.start("redis", "unreachable");
    for (const shard of all)
      expect(kinds(await committer.commit([eventOfShard(shard, "a")]))).toEqual(["accepted outbox"]);
    expect([stream.calls.length, stream.diverts.length]).toEqual([2, 1]);
    committer.close();
  });

  test("a full Redis does not open the breaker: it says no at once and reads well", async () => {
    const { committer, world, stream } = createEdgeWorld();
    await committer.start();
    world.outages.start("redis", "oom");
    for (const shard of all)
      expect(kinds(await committer.commit([eventOfShard(shard, "a")]))).toEqual(["accepted outbox"]);
    expect(stream.calls).toHaveLength(SHARDS);
    expect(committer.state()).toMatchObject({ stream: true, divertedShards: SHARDS });
    committer.close();
  });

  test("a shard at its backlog limit overflows, the others do not", async () => {
    const { committer, world, stream } = createEdgeWorld({ backlogEventsMax: 2 });
    await committer.start();
    const results = [];
    for (const n of [0, 1, 2, 3]) results.push(...(await committer.commit([eventOfShard(0, `e${n}`)])));
    expect(kinds(results)).toEqual(["accepted stream", "accepted stream", "accepted outbox", "accepted outbox"]);
    expect(stream.calls).toHaveLength(3);
    expect(kinds(await committer.commit([eventOfShard(1, "e")]))).toEqual(["accepted stream"]);
    expect(world.outbox.rows(0)).toHaveLength(2);
    committer.close();
  });

  test("a shard that the drain has diverted goes to the outbox without asking again", async () => {
    const { committer, world, stream, clock } = createEdgeWorld();
    await committer.start();
    await clock.advance(10_000);
    world.streams.divert(0);
    expect(kinds(await committer.commit([eventOfShard(0, "a")]))).toEqual(["accepted outbox"]);
    expect(kinds(await committer.commit([eventOfShard(0, "b")]))).toEqual(["accepted outbox"]);
    expect(stream.calls).toHaveLength(1);
    committer.close();
  });

  test("a health check that throws is no sign of health", async () => {
    const { committer, stream, clock } = createEdgeWorld();
    await committer.start();
    const { health } = stream.tier;
    Object.assign(stream.tier, { health: () => Promise.reject(new TypeError("a bug")) });
    stream.obstruct("freeze");
    const answer = committer.commit([eventOfShard(0, "a")]);
    await clock.advance(10_000);
    expect(kinds(await answer)).toEqual(["accepted outbox"]);
    expect(committer.state().stream).toBe(false);
    Object.assign(stream.tier, { health });
    stream.obstruct("pass");
    await clock.advance(2_000);
    expect(committer.state().stream).toBe(true);
    committer.close();
  });

  test("without a fault the outbox is never written to, and its outage changes nothing", async () => {
    const { committer, world, outbox } = createEdgeWorld();
    await committer.start();
    world.outages.start("postgres");
    for (let n = 0; n < 20; n++) expect(kinds(await committer.commit([event(`e${n}`)]))).toEqual(["accepted stream"]);
    expect(outbox.calls).toEqual([]);
  });
});

describe("both tiers down", () => {
  test.each([
    ["freeze", "freeze"],
    ["hang", "hang"],
    ["hang", "freeze"],
    ["reject", "lose_replies"],
  ] as const)("stream %s, outbox %s: every answer is a refusal within a second", async (streamFault, outboxFault) => {
    const { committer, stream, outbox, clock } = createEdgeWorld();
    await committer.start();
    stream.obstruct(streamFault);
    outbox.obstruct(outboxFault);
    const answers: { readonly results: readonly string[]; readonly ms: number }[] = [];
    for (let n = 0; n < 400; n++) {
      const startedAtMs = clock.monotonicMs();
      void committer
        .commit([event(`e${n}`)])
        .then((results) => answers.push({ results: kinds(results), ms: clock.monotonicMs() - startedAtMs }));
      await clock.advance(7);
    }
    await clock.advance(ANSWERED_MS);
    expect(answers).toHaveLength(400);
    expect(answers.flatMap(({ results }) => results).filter((kind) => !isRefusal.test(kind))).toEqual([]);
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(ANSWERED_MS);
    committer.close();
  });

  test("once both breakers are open nothing waits and nothing is asked", async () => {
    const { committer, world, stream, outbox } = createEdgeWorld();
    await committer.start();
    world.outages.start("redis");
    world.outages.start("postgres");
    for (let n = 0; n < 10; n++) await committer.commit([event(`e${n}`)]);
    expect(committer.state()).toMatchObject({ stream: false, outbox: false });
    const calls = stream.calls.length + outbox.calls.length;
    expect(kinds(await committer.commit([event("x"), event("y")]))).toEqual(["unavailable", "unavailable"]);
    expect(stream.calls.length + outbox.calls.length).toBe(calls);
    committer.close();
  });

  test("the stream comes back first: nothing is owed to the outbox, so the stream takes events again", async () => {
    const { committer, world, clock } = createEdgeWorld();
    await committer.start();
    world.outages.start("redis");
    world.outages.start("postgres");
    for (let n = 0; n < 10; n++) await committer.commit([event(`e${n}`)]);
    world.outages.end("redis");
    await clock.advance(3_000);
    expect(committer.state()).toMatchObject({ stream: true, outbox: false, divertedShards: 0 });
    expect(kinds(await committer.commit([event("x")]))).toEqual(["accepted stream"]);
    committer.close();
  });

  test("the stream comes back first, but the outbox owes accepted events: their shard waits for them", async () => {
    const { committer, world, clock } = createEdgeWorld();
    await committer.start();
    world.outages.start("redis", "timeout");
    expect(kinds(await committer.commit([eventOfShard(0, "a")]))).toEqual(["accepted outbox"]);
    world.outages.start("postgres");
    world.outages.end("redis");
    await clock.advance(3_000);
    expect(kinds(await committer.commit([eventOfShard(0, "b"), eventOfShard(1, "b")]))).toEqual([
      "unavailable",
      "accepted stream",
    ]);
    committer.close();
  });
});

describe("a full outbox", () => {
  test("is refused with the time that the measured drain needs", async () => {
    const { committer, world, clock } = createEdgeWorld({ outboxEventsMax: 100 });
    await committer.start();
    world.outages.start("redis", "timeout");
    for (let n = 0; n < 120; n++) await committer.commit([eventOfShard(0, `e${n}`)]);
    expect(world.outbox.size().events).toBe(100);
    expect(kinds(await committer.commit([eventOfShard(0, "x")]))).toEqual(["backlog_full"]);
    expect(committer.retryAfterSeconds("backlog_full")).toBe(60);
    await clock.advance(1_500);
    world.outbox.remove(world.outbox.rows(0).slice(0, 2));
    await clock.advance(1_000);
    // 98 wait, 2 left in a second: 3 more until 95.
    expect(committer.retryAfterSeconds("backlog_full")).toBe(2);
    expect(kinds(await committer.commit([eventOfShard(0, "y")]))).toEqual(["accepted outbox"]);
    committer.close();
  });

  test("is not said of an event that the stream may have stored", async () => {
    const { committer, stream, clock } = createEdgeWorld({ outboxEventsMax: 1 });
    await committer.start();
    stream.obstruct("lose_replies");
    const inDoubt = committer.commit([eventOfShard(0, "a")]);
    const untried = committer.commit([eventOfShard(0, "b")]);
    const other = committer.commit([eventOfShard(1, "a")]);
    await clock.advance(1_000);
    const results = [...kinds(await inDoubt), ...kinds(await other)];
    expect(results.sort()).toEqual(["accepted outbox", "unavailable"]);
    expect(kinds(await untried)).toEqual(["backlog_full"]);
    committer.close();
  });

  test("does not stop the shards that are open", async () => {
    const { committer, world } = createEdgeWorld({ outboxEventsMax: 1, backlogEventsMax: 1 });
    await committer.start();
    for (const id of ["a", "b", "c"]) await committer.commit([eventOfShard(0, id)]);
    expect(world.outbox.size().events).toBe(1);
    expect(kinds(await committer.commit([eventOfShard(0, "d"), eventOfShard(1, "d")]))).toEqual([
      "backlog_full",
      "accepted stream",
    ]);
    committer.close();
  });
});

describe("an outbox that went back", () => {
  test("is told what it was answered for, again and again, and goes on under another writer", async () => {
    const { committer, clock, world } = createEdgeWorld();
    const bringBack = world.rememberPostgres();
    await committer.start();
    world.outages.start("redis");
    const post = async (id: string) => kinds(await committer.commit([eventOfShard(0, id)]));
    for (const id of ["a", "b"]) expect(await post(id)).toEqual(["accepted outbox"]);
    await clock.advance(3_000);
    bringBack();
    expect(await post("c")).toEqual(["accepted outbox"]);
    await clock.advance(1_500);
    const lease = { shard: 0, owner: "looks", token: 1 };
    const copy = { counts: world.streams.counts(0), losses: null };
    const { writers } = await world.ledger.checkpoint(lease, 1, copy);
    const ofTheOutbox = writers.filter(({ acknowledged, had }) => acknowledged + had > 0);
    expect(ofTheOutbox.map(({ acknowledged, had }) => [acknowledged, had]).sort()).toEqual([
      [0, 1],
      [2, 0],
    ]);
    expect(world.outbox.rows(0).map(({ putBy }) => putBy?.[1])).toEqual([1]);
    committer.close();
  });
});
