import type { Appended, Clock, Tier, Writers } from "@spillway/event";

/**
 * A tier whose appends are accounted for: each goes under a writer of this process, and its answer is noted. `isRelied` is
 * asked before each of them: while the first was under way, a Redis that went back may have said that it keeps nothing
 * (simulation, seed 77).
 */
export const createAccountedTier = (
  tier: Tier,
  writers: Writers,
  clock: Pick<Clock, "monotonicMs">,
  isRelied: () => boolean,
): Tier => ({
  ...tier,
  append: async (chunks, deadlineMs) => {
    const endMs = clock.monotonicMs() + deadlineMs;
    const answers = await writers.append(chunks, async (some): Promise<readonly Appended[]> => {
      if (!isRelied()) return some.map(() => ({ kind: "behind" }));
      return tier.append(some, endMs - clock.monotonicMs());
    });
    return answers.map(
      (answer): Appended => (answer.kind === "behind" ? { kind: "retriable", code: "behind" } : answer),
    );
  },
});
