import type { Appended, Clock, Tier, Writers } from "@spillway/event";

/** The stream, whose appends are accounted for: each goes under a writer of this process, and its answer is noted. */
export const createAccountedTier = (tier: Tier, writers: Writers, clock: Pick<Clock, "monotonicMs">): Tier => ({
  ...tier,
  append: async (chunks, deadlineMs) => {
    const endMs = clock.monotonicMs() + deadlineMs;
    const answers = await writers.append(chunks, (some) => tier.append(some, endMs - clock.monotonicMs()));
    return answers.map(
      (answer): Appended => (answer.kind === "behind" ? { kind: "retriable", code: "behind" } : answer),
    );
  },
});
