import type { Clock } from "@spillway/event";

export type ManualClock = ReturnType<typeof createManualClock>;

type Sleeper = { readonly atMs: number; readonly wake: () => void };

/** Promise chains of production code are shorter than this between two sleeps; a turn costs about 0.1 µs. */
const TURNS_PER_WAKE = 200;

/** Lets everything run that waits for nothing but other promises. */
export const settlePromises = async (): Promise<void> => {
  for (let turn = 0; turn < TURNS_PER_WAKE; turn++) await Promise.resolve();
};

/** A clock that stands still until somebody moves it. */
export const createManualClock = (startMs = 1_700_000_000_000) => {
  let nowMs = 0;
  /** In the order in which they fell asleep. */
  const sleepers = new Set<Sleeper>();

  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        sleepers.delete(sleeper);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper = { atMs: nowMs + Math.max(0, ms), wake };
      sleepers.add(sleeper);
      signal?.addEventListener("abort", wake, { once: true });
    });

  const earliest = (untilMs: number): Sleeper | null => {
    let first: Sleeper | null = null;
    for (const sleeper of sleepers)
      if (sleeper.atMs <= untilMs && (first === null || sleeper.atMs < first.atMs)) first = sleeper;
    return first;
  };

  /** Moves on by `ms` and wakes the sleepers on the way, in the order of their times, each before the next. */
  const advance = async (ms: number): Promise<void> => {
    const untilMs = nowMs + ms;
    await settlePromises();
    for (let next = earliest(untilMs); next; next = earliest(untilMs)) {
      nowMs = next.atMs;
      next.wake();
      await settlePromises();
    }
    nowMs = untilMs;
  };

  const clock: Clock = { monotonicMs: () => nowMs, wallMs: () => startMs + nowMs, sleep };
  return {
    ...clock,
    advance,
    /** Sleepers that still wait. */
    sleeping: () => sleepers.size,
  };
};
