import { describe, expect, test } from "vitest";
import { drainOnce, idsInStream } from "./drain.fixture.ts";
import { createEdgeWorld, type EdgeWorld, eventOfShard, kinds, SHARDS } from "./edge-world.fixture.ts";

/** Posts one event every `everyMs` for `forMs`, to one shard, while the rows are drained every `drainEveryMs`. */
const load = async (edge: EdgeWorld, forMs: number, everyMs: number, drainEveryMs: number, prefix: string) => {
  const { clock, committer, world } = edge;
  const accepted: Promise<string | null>[] = [];
  for (let ms = 0; ms < forMs; ms++) {
    if (ms % everyMs === 0) {
      const id = `${prefix}${ms}`;
      accepted.push(
        committer.commit([eventOfShard(0, id)]).then(([result]) => (result?.kind === "refused" ? null : id)),
      );
    }
    if (drainEveryMs > 0 && ms % drainEveryMs === 0) await drainOnce(world, 0, 20);
    await clock.advance(1);
  }
  await clock.advance(1_000);
  return (await Promise.all(accepted)).filter((id) => id !== null);
};

describe("reopening", () => {
  test("without load a read of the empty outbox brings the shards back", async () => {
    const edge = createEdgeWorld();
    const { committer, world, clock, logged } = edge;
    await committer.start();
    world.outages.start("redis", "timeout");
    await committer.commit([eventOfShard(0, "a"), eventOfShard(1, "a")]);
    world.outages.end("redis");
    await clock.advance(5_000);
    expect(committer.state().divertedShards).toBe(2);
    await drainOnce(world, 0, 10);
    await clock.advance(1_000);
    expect(committer.state().divertedShards).toBe(1);
    await drainOnce(world, 1, 10);
    await clock.advance(1_000);
    expect(committer.state().divertedShards).toBe(0);
    expect(
      logged
        .filter(({ event }) => event === "shard.opened")
        .slice(SHARDS)
        .map(({ fields }) => fields),
    ).toEqual([
      { shard: 0, proof: "read" },
      { shard: 1, proof: "read" },
    ]);
    await clock.advance(10_000);
    // The watches over the promise and the outbox and the recorder go on; the reopening has ended.
    expect(clock.sleeping()).toBe(3);
  });

  test("a load that never pauses comes back too, in order, and no commit waits longer than a moment", async () => {
    const edge = createEdgeWorld();
    const { committer, world, outbox } = edge;
    await committer.start();
    outbox.delay(4);
    const before = await load(edge, 50, 1, 0, "before");
    world.outages.start("redis", "timeout");
    const during = await load(edge, 300, 1, 0, "during");
    world.outages.end("redis");
    const after = await load(edge, 6_000, 1, 5, "after");
    expect(committer.state().divertedShards).toBe(0);
    expect(outbox.calls.length).toBeLessThan(3_000);
    const sent = [...before, ...during, ...after];
    expect(sent).toHaveLength(50 + 300 + 6_000);
    expect(idsInStream(world, 0)).toEqual(sent);
    committer.close();
  });

  test("while much is left nothing is held back", async () => {
    const edge = createEdgeWorld();
    const { committer, world, outbox, clock } = edge;
    await committer.start();
    world.outages.start("redis", "timeout");
    await committer.commit(Array.from({ length: 5_000 }, (_, n) => eventOfShard(0, `e${n}`)));
    world.outages.end("redis");
    await clock.advance(3_000);
    let slowest = 0;
    for (let n = 0; n < 3_000; n++) {
      const startedAtMs = clock.monotonicMs();
      void committer.commit([eventOfShard(0, `x${n}`)]).then(() => {
        slowest = Math.max(slowest, clock.monotonicMs() - startedAtMs);
      });
      await clock.advance(1);
    }
    expect(slowest).toBe(0);
    expect(outbox.calls.length).toBeGreaterThan(3_000);
    committer.close();
  });

  test("the drain's diversion may stand a little longer than the last row", async () => {
    const edge = createEdgeWorld();
    const { committer, world, clock, stream } = edge;
    await committer.start();
    world.outages.start("redis", "timeout");
    await committer.commit([eventOfShard(0, "a")]);
    world.outages.end("redis");
    await drainOnce(world, 0, 1);
    expect(world.streams.diverted(0)).toBe(true);
    while (committer.state().divertedShards > 0) await clock.advance(1);
    const calls = stream.calls.length;
    const answer = committer.commit([eventOfShard(0, "b")]);
    await clock.advance(100);
    await drainOnce(world, 0, 1);
    await clock.advance(100);
    expect(kinds(await answer)).toEqual(["accepted stream"]);
    expect(stream.calls.length).toBeGreaterThan(calls + 1);
    committer.close();
  });

  test("an outbox that throws as no port should keeps its shard diverted, but not for ever", async () => {
    const edge = createEdgeWorld();
    const { committer, world, outbox, clock, logged } = edge;
    await committer.start();
    world.outages.start("redis", "timeout");
    await committer.commit([eventOfShard(0, "a")]);
    world.outages.end("redis");
    const { occupied } = outbox.tier;
    Object.assign(outbox.tier, { occupied: () => Promise.reject(new TypeError("a bug")) });
    world.outbox.remove(world.outbox.rows(0));
    await clock.advance(3_000);
    expect(committer.state().divertedShards).toBe(1);
    expect(logged).toContainEqual({ event: "reopening.threw", fields: { error: "TypeError" } });
    Object.assign(outbox.tier, { occupied });
    await clock.advance(1_500);
    expect(committer.state().divertedShards).toBe(0);
  });

  test("a diversion that stays sends the shard back to the outbox in time", async () => {
    const edge = createEdgeWorld();
    const { committer, world, clock } = edge;
    await committer.start();
    world.streams.divert(0);
    const answer = committer.commit([eventOfShard(0, "b")]);
    await clock.advance(400);
    expect(kinds(await answer)).toEqual(["accepted outbox"]);
    committer.close();
  });
});

describe("the start", () => {
  test("a shard with rows of an earlier process is diverted until they are gone", async () => {
    const { committer, world, clock } = createEdgeWorld();
    const earlier = createEdgeWorld();
    await earlier.committer.commit([eventOfShard(2, "z")]);
    await world.outboxTier.append(earlier.outbox.calls[0] ?? [], 100);
    await committer.start();
    expect(kinds(await committer.commit([eventOfShard(2, "a"), eventOfShard(1, "a")]))).toEqual([
      "accepted outbox",
      "accepted stream",
    ]);
    for (let pass = 0; pass < 2; pass++) await drainOnce(world, 2, 10);
    await clock.advance(1_500);
    expect(kinds(await committer.commit([eventOfShard(2, "b")]))).toEqual(["accepted stream"]);
  });

  test("with the outbox down every shard is open", async () => {
    const { committer, world } = createEdgeWorld();
    world.outages.start("postgres");
    await committer.start();
    expect(committer.state().divertedShards).toBe(0);
    expect(kinds(await committer.commit([eventOfShard(2, "a")]))).toEqual(["accepted stream"]);
  });
});
