import type { Birth } from "@spillway/event";
import type { RelayParts } from "../parts.ts";

/**
 * Sees that another server answers for a shard, or that its stream was emptied: a pump that waits for Kafka reads nothing, and its
 * next read opens another connection without a word. The first answer of a term is news, too.
 */
export const createBirthWatch = (
  { shardStream, dedupWindowMs }: Pick<RelayParts, "shardStream" | "dedupWindowMs">,
  shard: number,
  doubt: (youngerThanMs: number) => void,
) => {
  let last: Birth | null = null;
  return {
    /** To be called a few times a second, one call after the other. */
    look: async (): Promise<void> => {
      const answer = await shardStream.birth(shard);
      if (!answer.ok) {
        last = null;
        return;
      }
      const { server, epoch } = answer.value;
      const isOther = last?.server !== server;
      const isEmptied = last !== null && last.epoch !== "" && last.epoch !== epoch;
      last = answer.value;
      // Of an emptied one however old: the dedup keys are gone, too.
      if (isEmptied) doubt(Number.POSITIVE_INFINITY);
      else if (isOther) doubt(dedupWindowMs);
    },
  };
};

export type BirthWatch = ReturnType<typeof createBirthWatch>;
