import { Unavailable } from "@spillway/event";
import type { CommitParts } from "./committer.ts";

/** Opens the shards to which the outbox owes nothing any more. */
export const createOpener = ({ gate, reads, meter, clock, log, onChange }: CommitParts) => {
  const opened = (shards: readonly number[], proof: "read" | "unread"): void => {
    if (shards.length === 0) return;
    for (const shard of shards) log("info", "shard.opened", { shard, proof });
    if (gate.divertedCount() === 0) meter.emptied();
    onChange();
  };
  const openWithoutRead = (): void => opened(gate.openWithoutRead(clock.monotonicMs()), "unread");

  return {
    openWithoutRead,
    /** Reads the outbox once and opens what it may; when the outbox does not answer (false), what owes it nothing. */
    readOnce: async (deadlineMs: number): Promise<boolean> => {
      const read = gate.startRead();
      if (read.shards.length === 0) return true;
      try {
        const occupied = await reads.occupied(read.shards, deadlineMs);
        opened(gate.finishRead(read, occupied, clock.monotonicMs()), "read");
        return true;
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        openWithoutRead();
        return false;
      }
    },
  };
};

export type Opener = ReturnType<typeof createOpener>;
