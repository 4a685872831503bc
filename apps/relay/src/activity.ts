import type { Clock } from "@spillway/event";
import { createNotifier } from "./notifier.ts";

/** So long after the last thing happened all that follows from it has been seen: the counters copied, stamps ended, copies removed. */
const QUIET_MS = 3_000;
/** What is asked of Redis while nothing happens; each command is paid for where Redis is hosted. */
const BEAT_MS = 5_000;

/**
 * How often a relay looks at Redis. A promise about events that rests on a look needs it while there are events, and whatever brings
 * one is news that comes by itself: an entry ends the blocking read of its shard, a row of the outbox is found in Postgres twice a
 * second, another server ends connections, an emptied one has no leases.
 */
export type Activity = {
  /** Something happens: whoever sleeps until the next beat looks now, and as often as it does for a while. */
  busy(): void;
  /** Nothing happens, nor has for a while. */
  isIdle(): boolean;
  /** `ms`; while the relay is idle until the next beat, which is one for all, so that what they ask then goes as one command. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
};

/** `isAtWork`: there is something to do, or to mend. */
export const createActivity = (clock: Clock, isAtWork: () => boolean): Activity => {
  const woken = createNotifier(clock);
  let busyAtMs = clock.monotonicMs();
  let beat: Promise<void> | null = null;

  const isIdle = (): boolean => {
    if (isAtWork()) busyAtMs = clock.monotonicMs();
    return clock.monotonicMs() - busyAtMs >= QUIET_MS;
  };

  const nextBeat = (): Promise<void> => {
    beat ??= woken.waitAtMost(BEAT_MS).then(() => {
      beat = null;
    });
    return beat;
  };

  return {
    busy: () => {
      busyAtMs = clock.monotonicMs();
      woken.notify();
    },
    isIdle,
    sleep: async (ms, signal) => {
      if (!isIdle()) return await clock.sleep(ms, signal);
      if (signal.aborted) return;
      signal.addEventListener("abort", woken.notify, { once: true });
      await nextBeat();
      signal.removeEventListener("abort", woken.notify);
    },
  };
};
