import type { TierPromise } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { drainOnce, idsInStream } from "./drain.fixture.ts";
import { createEdgeWorld, type EdgeWorld, eventOfShard, kinds, SHARDS } from "./edge-world.fixture.ts";

const broken: TierPromise = { state: "broken", because: ["appendonly"] };
const unknown: TierPromise = { state: "unknown", because: ["appendonly", "appendfsync"] };
const mending: TierPromise = { state: "mending", because: ["aof_rewrite_in_progress"] };
const kept: TierPromise = { state: "kept" };

/** Half a second between two questions, and 400 ms for the answer. */
const KNOWN_MS = 900;

const routesOf = async ({ committer, clock }: EdgeWorld): Promise<string[]> => {
  const answer = committer.commit(Array.from({ length: SHARDS }, (_, shard) => eventOfShard(shard, "e")));
  await clock.advance(1);
  return [...new Set(kinds(await answer))];
};

const promisesLogged = ({ logged }: EdgeWorld) => logged.filter(({ event }) => event.startsWith("promise."));

const startedWith = async (
  promise: TierPromise,
  onWeakRedis: "outbox" | "warn" | "refuse" = "outbox",
): Promise<EdgeWorld> => {
  const edge = createEdgeWorld({ onWeakRedis });
  edge.world.promise.become(promise);
  await edge.committer.start();
  return edge;
};

describe("what a broken promise does", () => {
  test("is known in less than a second, is said once, and sends events by the outbox", async () => {
    const edge = await startedWith(kept);
    expect(await routesOf(edge)).toEqual(["accepted stream"]);
    edge.world.promise.become(broken);
    await edge.clock.advance(KNOWN_MS);
    expect(await routesOf(edge)).toEqual(["accepted outbox"]);
    await edge.clock.advance(10_000);
    const fields = { tier: "stream", because: "appendonly", events_go_to: "outbox" };
    expect(promisesLogged(edge)).toEqual([{ event: "promise.broken", fields }]);
    expect(edge.logged.filter(({ event }) => event === "shard.diverted").map(({ fields }) => fields.code)).toEqual(
      Array(SHARDS).fill("weak_redis"),
    );
    expect(edge.committer.state()).toMatchObject({
      stream: true,
      outbox: true,
      reliance: "outbox",
      divertedShards: SHARDS,
    });
    edge.committer.close();
  });

  test("that stood at the start is known before the first event", async () => {
    const edge = await startedWith(broken);
    expect(await routesOf(edge)).toEqual(["accepted outbox"]);
    expect(edge.stream.calls).toEqual([]);
    edge.committer.close();
  });

  test("with the outbox down nothing is accepted", async () => {
    const edge = await startedWith(broken);
    edge.world.outages.start("postgres");
    expect(await routesOf(edge)).toEqual(["unavailable"]);
    await edge.clock.advance(3_000);
    expect(await routesOf(edge)).toEqual(["unavailable"]);
    expect(edge.stream.calls).toEqual([]);
    edge.committer.close();
  });

  test("that is told during an append to a Redis that went back is not written to once more", async () => {
    const edge = await startedWith(kept);
    expect(await routesOf(edge)).toEqual(["accepted stream"]);
    edge.world.streams.empty();
    edge.stream.delay(300);
    const answer = edge.committer.commit([eventOfShard(0, "later")]);
    const appends = edge.stream.calls.length;
    edge.world.promise.become(broken);
    await edge.committer.start();
    await edge.clock.advance(700);
    expect(kinds(await answer)).toEqual(["accepted outbox"]);
    expect(edge.stream.calls).toHaveLength(appends);
    edge.committer.close();
  });

  test("with `warn` is only said", async () => {
    const edge = await startedWith(broken, "warn");
    expect(await routesOf(edge)).toEqual(["accepted stream"]);
    expect(promisesLogged(edge)[0]?.fields).toMatchObject({ because: "appendonly", events_go_to: "stream" });
    edge.committer.close();
  });

  test("with `refuse` is answered weak_redis, and what waited for its tier too", async () => {
    const edge = await startedWith(kept, "refuse");
    edge.stream.delay(300);
    const [first, behind] = [1, 2].map((n) => edge.committer.commit([eventOfShard(0, `e${n}`)]));
    edge.world.promise.become(broken);
    await edge.committer.start();
    await edge.clock.advance(300);
    expect(kinds((await first) ?? [])).toEqual(["accepted stream"]);
    expect(kinds((await behind) ?? [])).toEqual(["weak_redis"]);
    expect(await routesOf(edge)).toEqual(["weak_redis"]);
    expect(edge.outbox.calls).toEqual([]);
    edge.committer.close();
  });
});

describe("the way back", () => {
  test("is the one of every diversion, so a key's order holds in both directions", async () => {
    const edge = await startedWith(kept);
    const { committer, world, clock } = edge;
    const sent: string[] = [];
    const accepted: Promise<string>[] = [];
    for (let ms = 0; ms < 8_000; ms++) {
      if (ms === 1_000) world.promise.become(broken);
      if (ms === 4_000) world.promise.become(kept);
      sent.push(`e${ms}`);
      accepted.push(committer.commit([eventOfShard(0, `e${ms}`)]).then((results) => kinds(results).join()));
      if (ms > 4_000 && ms % 5 === 0) await drainOnce(world, 0, 20);
      await clock.advance(1);
    }
    await clock.advance(1_000);
    const tiers = await Promise.all(accepted);
    expect([tiers[0], tiers[3_000], tiers.at(-1)]).toEqual(["accepted stream", "accepted outbox", "accepted stream"]);
    expect(idsInStream(world, 0)).toEqual(sent);
    expect(committer.state()).toMatchObject({ reliance: "stream", divertedShards: 0 });
    expect(promisesLogged(edge).map(({ event }) => event)).toEqual(["promise.broken", "promise.kept"]);
    committer.close();
  });

  test("is not taken while the promise is broken, although the outbox is empty", async () => {
    const edge = await startedWith(kept);
    edge.world.promise.become(broken);
    await edge.clock.advance(KNOWN_MS);
    await routesOf(edge);
    for (let shard = 0; shard < SHARDS; shard++) edge.world.outbox.remove(edge.world.outbox.rows(shard));
    await edge.clock.advance(5_000);
    expect(edge.committer.state().divertedShards).toBe(SHARDS);
    edge.committer.close();
  });

  test("waits for the end of the rewrite that a broken promise needs; one of a kept promise is no news", async () => {
    const edge = await startedWith(kept);
    edge.world.promise.become(mending);
    await edge.clock.advance(2_000);
    expect(await routesOf(edge)).toEqual(["accepted stream"]);
    edge.world.promise.become(broken);
    await edge.clock.advance(KNOWN_MS);
    edge.world.promise.become(mending);
    await edge.clock.advance(KNOWN_MS);
    expect(await routesOf(edge)).toEqual(["accepted outbox"]);
    edge.world.promise.become(kept);
    await edge.clock.advance(KNOWN_MS);
    expect(edge.committer.state().reliance).toBe("stream");
    expect(promisesLogged(edge).map(({ event }) => event)).toEqual([
      "promise.broken",
      "promise.mending",
      "promise.kept",
    ]);
    edge.committer.close();
  });

  test("is not opened by a server that no longer tells, nor by one that does not answer", async () => {
    const edge = await startedWith(broken);
    edge.world.promise.become(unknown);
    await edge.clock.advance(2_000);
    expect(await routesOf(edge)).toEqual(["accepted outbox"]);
    edge.world.outages.start("redis");
    await edge.clock.advance(2_000);
    expect(edge.committer.state().reliance).toBe("outbox");
    edge.committer.close();
  });
});

describe("an unknown promise", () => {
  test("is relied on, and named once", async () => {
    const edge = await startedWith(unknown);
    expect(await routesOf(edge)).toEqual(["accepted stream"]);
    await edge.clock.advance(5_000);
    const fields = { tier: "stream", because: "appendonly, appendfsync", events_go_to: "stream" };
    expect(promisesLogged(edge)).toEqual([{ event: "promise.unknown", fields }]);
    edge.committer.close();
  });
});

describe("another server", () => {
  test("is asked before the breaker lets the first event to it", async () => {
    const edge = await startedWith(kept);
    edge.world.outages.start("redis", "timeout");
    expect(kinds(await edge.committer.commit([eventOfShard(0, "a")]))).toEqual(["accepted outbox"]);
    // The probe comes after 250 ms, and the watch asks every 100: here the probe is the first to be answered.
    await edge.clock.advance(245);
    edge.world.promise.become(broken);
    edge.world.outages.end("redis");
    expect(edge.committer.state()).toMatchObject({ stream: false, reliance: "stream" });
    await edge.clock.advance(10);
    expect(edge.committer.state()).toMatchObject({ stream: true, reliance: "outbox" });
    edge.committer.close();
  });

  test("is asked at once after an append that failed", async () => {
    const edge = await startedWith(kept);
    await edge.clock.advance(110);
    edge.world.outages.start("redis", "closed");
    const failed = edge.committer.commit([eventOfShard(0, "a")]);
    edge.world.outages.end("redis");
    edge.world.promise.become(broken);
    await failed;
    await edge.clock.advance(1);
    expect(edge.committer.state()).toMatchObject({ stream: true, reliance: "outbox" });
    edge.committer.close();
  });
});

describe("while no event comes", () => {
  /** An edge that has rested for so long, and what its stream was asked. */
  const rested = async () => {
    const edge = await startedWith(kept);
    const asked = edge.stream.healthAskedAtMs;
    await edge.clock.advance(20_000);
    asked.length = 0;
    return { ...edge, asked };
  };

  test("a promise that is kept is asked for each ten seconds, and twice a second once an event has come", async () => {
    const edge = await rested();
    await edge.clock.advance(60_000);
    expect(edge.asked).toHaveLength(6);
    expect(await routesOf(edge)).toEqual(["accepted stream"]);
    edge.asked.length = 0;
    await edge.clock.advance(2_000);
    expect(edge.asked).toHaveLength(4);
    edge.committer.close();
  });

  test("the first event after a pause goes where the promise says now", async () => {
    const edge = await rested();
    edge.world.promise.become(broken);
    edge.stream.calls.length = 0;
    expect(await routesOf(edge)).toEqual(["accepted outbox"]);
    expect(edge.stream.calls).toEqual([]);
    edge.committer.close();
  });

  test("a promise that is broken is asked for twice a second all the same, so that it is used as soon as it is kept", async () => {
    const edge = await rested();
    edge.world.promise.become(broken);
    await edge.clock.advance(20_000);
    edge.world.promise.become(kept);
    await edge.clock.advance(KNOWN_MS);
    expect(edge.committer.state().reliance).toBe("stream");
    edge.committer.close();
  });

  test("a stream that says nothing when it is asked before the first event is gone round within the event's time", async () => {
    const edge = await rested();
    edge.stream.obstruct("freeze");
    const answer = edge.committer.commit([eventOfShard(0, "e")]);
    await edge.clock.advance(1_000);
    expect(kinds(await answer)).toEqual(["accepted outbox"]);
    edge.committer.close();
  });
});
