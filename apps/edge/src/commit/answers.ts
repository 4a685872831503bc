import { sizeOf, type Waiting } from "./commit.ts";
import type { CommitParts } from "./committer.ts";
import type { Packed } from "./pack.ts";
import { accepted, duplicate, type EventResult, type RefusalCode, refused, type TierName } from "./result.ts";

/** Gives events their results. Whoever has one waits no more, and leaves its room to others. */
export const createAnswers = ({ metrics, admission }: CommitParts) => {
  const settle = (waiting: readonly Waiting[], result: EventResult): void => {
    for (const { commit, index } of waiting) commit.settle(index, result);
    admission.leave(waiting.length, sizeOf(waiting));
  };

  return {
    stored: ({ waiting, events }: Packed, tier: TierName, duplicates: readonly number[]) => {
      metrics.ingested(tier, events - duplicates.length, duplicates.length);
      if (duplicates.length === 0) return settle(waiting, accepted[tier]);
      const known = new Set(duplicates);
      settle(
        waiting.filter((_, i) => known.has(i)),
        duplicate[tier],
      );
      settle(
        waiting.filter((_, i) => !known.has(i)),
        accepted[tier],
      );
    },
    refuse: (waiting: readonly Waiting[], code: RefusalCode): void => {
      if (waiting.length === 0) return;
      metrics.refused(code, waiting.length);
      settle(waiting, refused[code]);
    },
  };
};
