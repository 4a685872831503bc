import { expect, test } from "vitest";
import { createEdgeWorld, event } from "./edge-world.fixture.ts";

const another = { id: "another", namespace: "memory", shards: 4 };

const started = async () => {
  const world = createEdgeWorld();
  await world.committer.start();
  const post = async (id: string) => {
    const posted = world.committer.commit([event(id)]);
    await world.clock.advance(1_000);
    const [result] = await posted;
    return result?.kind === "refused" ? result.code : result?.tier;
  };
  const stored = () => [0, 1, 2, 3].flatMap((shard) => world.world.streams.entriesAfter(shard, "0", 100)).length;
  return { ...world, post, stored };
};

test("an event goes by the outbox while no relay has been at this Redis, and no append is tried there", async () => {
  const { belonging, post, stored } = await started();
  expect(await post("a")).toBe("stream");
  belonging.found("redis", null);
  expect(await post("b")).toBe("outbox");
  expect(stored()).toBe(1);
});

test("of parts that do not belong together neither takes anything, until that is mended", async () => {
  const { belonging, post, stored, world } = await started();
  const ours = belonging.known("postgres");
  belonging.found("postgres", another);
  expect(await post("a")).toBe("wrong_installation");
  expect([stored(), world.outbox.size().events]).toEqual([0, 0]);
  belonging.found("postgres", ours);
  expect(await post("b")).toBe("stream");
});

test("nothing is taken where neither says anything", async () => {
  const { belonging, post } = await started();
  for (const keeper of ["redis", "postgres"] as const) belonging.found(keeper, null);
  expect(await post("a")).toBe("unavailable");
});
