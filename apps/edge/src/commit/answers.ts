import { sizeOf, type Waiting } from "./commit.ts";
import type { CommitParts } from "./committer.ts";
import type { Packed } from "./pack.ts";
import { accepted, duplicate, type EventResult, type Held, type RefusalCode, refused } from "./result.ts";

/** Gives events their results. Whoever has one waits no more, and leaves its room to others. */
export const createAnswers = ({ metrics, admission }: CommitParts) => {
  const settle = (waiting: readonly Waiting[], result: EventResult): void => {
    for (const { commit, index } of waiting) commit.settle(index, result);
    admission.leave(waiting.length, sizeOf(waiting));
  };

  const refuse = (waiting: readonly Waiting[], code: RefusalCode): void => {
    if (waiting.length === 0) return;
    metrics.refused(code, waiting.length);
    settle(waiting, refused[code]);
  };

  return {
    /** `held`: what has the chunk. An event that must be in both and is in one is refused, though it may come out. */
    stored: ({ waiting, events, copied }: Packed, held: Held, duplicates: readonly number[]) => {
      if (duplicates.length === 0 && (!copied || held === "both")) {
        metrics.ingested(held, events, 0);
        return settle(waiting, accepted[held]);
      }
      const known = new Set(duplicates);
      const lacks = ({ event }: Waiting): boolean => held !== "both" && event.durability === "required";
      const kept = waiting.filter((one) => !lacks(one));
      const again = waiting.filter((one, i) => known.has(i) && !lacks(one));
      const fresh = waiting.filter((one, i) => !known.has(i) && !lacks(one));
      metrics.ingested(held, kept.length - again.length, again.length);
      settle(again, duplicate[held]);
      settle(fresh, accepted[held]);
      refuse(waiting.filter(lacks), "both_unavailable");
    },
    refuse,
  };
};
