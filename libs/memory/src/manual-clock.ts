import type { Clock } from "@spillway/event";

/** A clock that stands still until somebody moves it. */
export type ManualClock = Clock & {
  /** Moves on by `ms` and wakes the sleepers on the way, in the order of their times, each before the next. */
  advance(ms: number): Promise<void>;
  /** Sleepers that still wait. */
  sleeping(): number;
};

type Sleeper = { readonly atMs: number; readonly order: number; readonly wake: () => void };

/** Promise chains of production code are shorter than this between two sleeps; a turn costs about 0.1 µs. */
const TURNS_PER_WAKE = 200;

/** Lets everything run that waits for nothing but other promises. */
export const settlePromises = async (): Promise<void> => {
  for (let turn = 0; turn < TURNS_PER_WAKE; turn++) await Promise.resolve();
};

export const createManualClock = (startMs = 1_700_000_000_000): ManualClock => {
  let nowMs = 0;
  let order = 0;
  const sleepers = new Set<Sleeper>();

  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        sleepers.delete(sleeper);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper = { atMs: nowMs + Math.max(0, ms), order: order++, wake };
      sleepers.add(sleeper);
      signal?.addEventListener("abort", wake, { once: true });
    });

  const earliest = (untilMs: number): Sleeper | null => {
    let first: Sleeper | null = null;
    for (const sleeper of sleepers) {
      if (sleeper.atMs > untilMs) continue;
      if (!first || sleeper.atMs < first.atMs || (sleeper.atMs === first.atMs && sleeper.order < first.order))
        first = sleeper;
    }
    return first;
  };

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

  return {
    monotonicMs: () => nowMs,
    wallMs: () => startMs + nowMs,
    sleep,
    advance,
    sleeping: () => sleepers.size,
  };
};
