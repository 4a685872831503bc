import { Unavailable } from "@spillway/event";
import { seededRandom } from "@spillway/event/seeded-random";
import { describe, expect, test } from "vitest";
import { drainOnce, idsInStream } from "./drain.fixture.ts";
import { createEdgeWorld, type EdgeWorld, eventOfShard } from "./edge-world.fixture.ts";
import type { Obstruction } from "./obstructed-tier.fixture.ts";

const createRandom = (seed: number) => {
  const random = seededRandom(seed);
  return (below: number): number => (random() * 2 ** 32) % below;
};

const SHARD = 1;
const obstructions: readonly Obstruction[] = ["pass", "pass", "pass", "freeze", "lose_replies"];

const breakSomething = ({ stream, outbox, world }: EdgeWorld, random: (below: number) => number): void => {
  const backend = random(2) === 0 ? stream : outbox;
  backend.obstruct(obstructions[random(obstructions.length)] as Obstruction);
  backend.delay(random(30));
  const name = random(2) === 0 ? "redis" : "postgres";
  if (random(3) === 0) world.outages.start(name, random(2) === 0 ? "timeout" : "unreachable");
  else world.outages.end(name);
};

const tryDrain = async (edge: EdgeWorld, rowsMax: number): Promise<void> => {
  try {
    await drainOnce(edge.world, SHARD, rowsMax);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
  }
};

/** Sends for ten seconds under faults that come and go; answers what was accepted, in the order of sending. */
const run = async (seed: number) => {
  const random = createRandom(seed);
  const edge = createEdgeWorld({ commitEventsMax: 1 + random(8) });
  const { committer, clock, world, stream, outbox } = edge;
  await committer.start();
  const accepted: string[] = [];
  const answers: Promise<void>[] = [];
  let slowestMs = 0;
  for (let step = 0; step < 1_000; step++) {
    if (random(60) === 0) breakSomething(edge, random);
    const id = `e${step}`;
    const sentAtMs = clock.monotonicMs();
    const answer = committer.commit([eventOfShard(SHARD, id, 10)]).then(([result]) => {
      slowestMs = Math.max(slowestMs, clock.monotonicMs() - sentAtMs);
      if (result?.kind !== "refused") accepted.push(id);
    });
    answers.push(answer);
    if (random(3) === 0) await tryDrain(edge, 1 + random(5));
    await clock.advance(random(20));
  }
  stream.obstruct("pass");
  outbox.obstruct("pass");
  world.outages.end("redis");
  world.outages.end("postgres");
  await clock.advance(1_000);
  await Promise.all(answers);
  while (world.outbox.size().events > 0) await drainOnce(world, SHARD, 100);
  await drainOnce(world, SHARD, 100);
  await clock.advance(3_000);
  committer.close();
  return { accepted, slowestMs, stored: idsInStream(world, SHARD), state: committer.state() };
};

describe("under random faults", () => {
  test.each(Array.from({ length: 24 }, (_, n) => n + 1))(
    "seed %i: what was accepted is stored once, in order",
    async (seed) => {
      const { accepted, slowestMs, stored, state } = await run(seed);
      const wanted = new Set(accepted);
      expect(stored.filter((id) => wanted.has(id))).toEqual(
        accepted.sort((a, b) => Number(a.slice(1)) - Number(b.slice(1))),
      );
      expect(slowestMs).toBeLessThan(1_000);
      expect(state).toMatchObject({ stream: true, outbox: true, divertedShards: 0 });
      expect(accepted.length).toBeGreaterThan(100);
    },
  );
});
