import { errorName, Unavailable } from "@spillway/event";
import type { CommitParts, CommitterOptions } from "./committer.ts";

/** How long the outbox has for its answer: what a look finds is known within a second of the look before it. */
const LOOK_DEADLINE_MS = 250;

/**
 * Looks once a second of which shards the outbox holds rows, and diverts them: where a shard is open here they are another
 * edge's, which could not divert it in Redis, and no relay has seen them yet. What is accepted here from then on comes
 * after them.
 */
export const createOccupiedWatch = (
  { gate, reads, clock, log, onChange }: Pick<CommitParts, "gate" | "reads" | "clock" | "log" | "onChange">,
  { lookApartMs, shards }: Pick<CommitterOptions, "lookApartMs" | "shards">,
  divert: (shard: number, reason: string) => void,
) => {
  const running = new AbortController();
  const all = Array.from({ length: shards }, (_, shard) => shard);

  const look = async (): Promise<void> => {
    try {
      const occupied = await reads.occupied(all, LOOK_DEADLINE_MS);
      for (const shard of occupied) {
        divert(shard, "outbox_occupied");
        gate.owe(shard);
      }
      if (occupied.length > 0) onChange();
    } catch (error) {
      // Without an answer nothing is known: the next look asks again.
      if (!(error instanceof Unavailable)) log("error", "occupied-watch.threw", { error: errorName(error) });
    }
  };

  const loop = async ({ signal }: AbortController): Promise<void> => {
    let askedAtMs = clock.monotonicMs();
    for (;;) {
      await clock.sleep(Math.max(0, askedAtMs + lookApartMs - clock.monotonicMs()), signal);
      if (signal.aborted) return;
      askedAtMs = clock.monotonicMs();
      await look();
    }
  };

  return {
    /** To be called as the first read of the outbox begins. */
    start: (): void => void loop(running),
    stop: (): void => running.abort(),
  };
};
