import type { Appended, Clock, ShardChunk, Tier, Writers } from "@spillway/event";

import type { PromiseWatch } from "./promise-watch.ts";

type Append = Tier["append"];

/** Appends that are accounted for: each goes under a writer of this process, and its answer is noted. */
const accountedAppend =
  (writers: Writers, clock: Pick<Clock, "monotonicMs">, append: Append): Append =>
  async (chunks, deadlineMs) => {
    const endMs = clock.monotonicMs() + deadlineMs;
    const answers = await writers.append(chunks, (some) => append(some, endMs - clock.monotonicMs()));
    return answers.map(
      (answer): Appended => (answer.kind === "behind" ? { kind: "retriable", code: "behind" } : answer),
    );
  };

/**
 * The stream. `isRelied` is asked before each append: while the first was under way, a Redis that went back may have said that it keeps
 * nothing (simulation, seed 77). `ready`: what is known of that is too old, and is asked for first.
 */
export const createAccountedStream = (
  tier: Tier,
  writers: Writers,
  clock: Pick<Clock, "monotonicMs">,
  { reliance, ready }: Pick<PromiseWatch, "reliance" | "ready">,
): Tier => ({
  ...tier,
  append: accountedAppend(writers, clock, async (chunks, deadlineMs) => {
    const endMs = clock.monotonicMs() + deadlineMs;
    const asked = ready();
    if (asked !== null) await asked;
    if (reliance() !== "stream") return chunks.map(() => ({ kind: "behind" }));
    const leftMs = endMs - clock.monotonicMs();
    // Nothing was sent yet.
    return leftMs > 0 ? tier.append(chunks, leftMs) : chunks.map(() => ({ kind: "retriable", code: "timeout" }));
  }),
});

/**
 * The outbox, whose rows are accounted for under a writer of their own. What a chunk names already (`from`: its numbers in the stream,
 * should it be there) goes into its row as it is.
 */
export const createAccountedOutbox = (tier: Tier, writers: Writers, clock: Pick<Clock, "monotonicMs">): Tier => ({
  ...tier,
  append: (chunks, deadlineMs) => {
    const named = new Map(chunks.map(({ shard, from }) => [shard, from]));
    const rowOf = (chunk: ShardChunk): ShardChunk => ({
      ...chunk,
      putBy: chunk.from && { ...chunk.from },
      from: named.get(chunk.shard),
    });
    const append = accountedAppend(writers, clock, (some, leftMs) => tier.append(some.map(rowOf), leftMs));
    return append(
      chunks.map((chunk) => ({ ...chunk, from: undefined })),
      deadlineMs,
    );
  },
});
