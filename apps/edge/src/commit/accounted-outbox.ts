import type { Appended, Clock, Tier, Writers } from "@spillway/event";

/**
 * The outbox, whose rows are accounted for under a writer of their own. What a chunk names already (`from`: its numbers in the stream,
 * should it be there) goes into its row as it is.
 */
export const createAccountedOutbox = (tier: Tier, writers: Writers, clock: Pick<Clock, "monotonicMs">): Tier => ({
  ...tier,
  append: async (chunks, deadlineMs) => {
    const endMs = clock.monotonicMs() + deadlineMs;
    const named = new Map(chunks.map(({ shard, from }) => [shard, from]));
    const unnamed = chunks.map((chunk) => ({ ...chunk, from: undefined }));
    const answers = await writers.append(unnamed, (some) =>
      tier.append(
        some.map((chunk) => ({ ...chunk, putBy: chunk.from && { ...chunk.from }, from: named.get(chunk.shard) })),
        endMs - clock.monotonicMs(),
      ),
    );
    return answers.map(
      (answer): Appended => (answer.kind === "behind" ? { kind: "retriable", code: "behind" } : answer),
    );
  },
});
