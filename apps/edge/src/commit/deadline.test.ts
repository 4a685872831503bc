import type { SealedEvent } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { commitDefaults } from "./committer.ts";
import { createEdgeWorld, type EdgeWorld, eventFor, eventOfShard, kinds } from "./edge-world.fixture.ts";

type Posted = { readonly atMs: number; readonly event: SealedEvent; readonly before?: () => void };

/** Commits each of the events at its time, and says after how many ms each had its answer. */
const answersAfter = async ({ committer, clock }: EdgeWorld, posts: readonly Posted[]): Promise<readonly number[]> => {
  const tookMs: number[] = posts.map(() => Number.POSITIVE_INFINITY);
  const fromMs = clock.monotonicMs();
  for (const [i, { atMs, event, before }] of posts.entries()) {
    await clock.advance(fromMs + atMs - clock.monotonicMs());
    before?.();
    const startedAtMs = clock.monotonicMs();
    void committer.commit([event]).then(() => {
      tookMs[i] = clock.monotonicMs() - startedAtMs;
    });
  }
  await clock.advance(2_000);
  return tookMs;
};

/** One event a chunk: those of one shard wait for each other. */
const started = async (options: Parameters<typeof createEdgeWorld>[0] = {}) => {
  const edge = createEdgeWorld({ commitEventsMax: 1, ...options });
  await edge.committer.start();
  return edge;
};

describe("the time until an answer is one budget", () => {
  test.each([100, 150, 200, 250, 300, 350, 400, 430, "hang"] as const)(
    "of an insert (%s ms) and of diverting what it recorded, which hangs, behind others",
    async (outboxMs) => {
      for (let delayMs = 0; delayMs <= 60; delayMs += 5) {
        const edge = await started({ backlogEventsMax: 1 });
        await edge.committer.commit([eventOfShard(0, "fills the stream")]);
        await edge.committer.commit([eventOfShard(0, "diverts the shard")]);
        edge.stream.obstruct("hang");
        if (outboxMs === "hang") edge.outbox.obstruct("hang");
        else edge.outbox.delay(outboxMs + delayMs);
        const posts = Array.from({ length: 6 }, (_, i) => ({ atMs: i * delayMs, event: eventOfShard(0, `e${i}`) }));
        expect(Math.max(...(await answersAfter(edge, posts)))).toBeLessThanOrEqual(commitDefaults.answerWithinMs);
        await edge.committer.close();
      }
    },
  );

  test.each([
    ["stream", "outbox"],
    ["copies", "stream"],
    ["copies", "outbox"],
  ] as const)("of %s that takes any time, and of %s that hangs", async (slow, hanging) => {
    for (let delayMs = 50; delayMs <= 450; delayMs += 25) {
      const edge = await started();
      edge[slow].delay(delayMs);
      edge[hanging].obstruct("hang");
      const posts = Array.from({ length: 8 }, (_, i) => ({ atMs: i * 60, event: eventFor("both", `e${i}`, i % 2) }));
      expect(Math.max(...(await answersAfter(edge, posts)))).toBeLessThanOrEqual(commitDefaults.answerWithinMs);
      await edge.committer.close();
    }
  });

  test.each([
    [0, 1, "unavailable"],
    [500, 1, "unavailable"],
    [729, 1, "unavailable"],
    [731, 0, "overloaded"],
  ])("that begins with the body's end: after %s ms elsewhere %s appends are tried", async (waitedMs, appends, code) => {
    const edge = await started();
    for (const tier of [edge.stream, edge.outbox]) tier.obstruct("hang");
    let answer: readonly string[] = [];
    void edge.committer.commit([eventOfShard(0, "a")], -waitedMs).then((results) => {
      answer = kinds(results);
    });
    await edge.clock.advance(commitDefaults.answerWithinMs - waitedMs);
    expect([edge.stream.calls.length, answer]).toEqual([appends, [code]]);
    await edge.committer.close();
  });

  test("of an event whose copy waits for another shard's insert, which began when little was left", async () => {
    const edge = await started();
    edge.copies.delay(350);
    const posts: Posted[] = [
      ...["a", "b", "c"].map((id) => ({ atMs: 0, event: eventFor("both", id) })),
      { atMs: 690, event: eventFor("both", "d", 1), before: () => edge.copies.obstruct("hang") },
    ];
    expect(Math.max(...(await answersAfter(edge, posts)))).toBeLessThanOrEqual(commitDefaults.answerWithinMs);
  });
});
