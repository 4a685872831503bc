import type { Clock } from "@spillway/event";

/** What was counted, and when the count began. */
export type Counted<T> = { readonly value: T; readonly atMs: number };

/** What takes no longer is counted for each page. */
const CHEAP_MS = 25;
/** So many times its own length a count is good for: it takes a twentieth of one core at most. */
const REST_TIMES = 20;

/**
 * A count that may take long (half a second of a million letters), and pages that must not: who asks has the last one at once, with its
 * time, and a new one is begun where that is old. Null where the last could not be made.
 */
export const createCounted = <T>(count: () => Promise<T | null>, clock: Pick<Clock, "wallMs" | "monotonicMs">) => {
  let last: { readonly counted: Counted<T> | null; readonly tookMs: number; readonly endedMs: number } | null = null;
  let underWay: Promise<Counted<T> | null> | null = null;

  const make = async (): Promise<Counted<T> | null> => {
    const [atMs, startedMs] = [clock.wallMs(), clock.monotonicMs()];
    try {
      const value = await count();
      const endedMs = clock.monotonicMs();
      last = { counted: value === null ? null : { value, atMs }, tookMs: endedMs - startedMs, endedMs };
      return last.counted;
    } finally {
      underWay = null;
    }
  };

  const begin = (): Promise<Counted<T> | null> => {
    underWay ??= make();
    return underWay;
  };

  return (): Promise<Counted<T> | null> => {
    const isDue = last === null || clock.monotonicMs() - last.endedMs >= last.tookMs * REST_TIMES;
    const isCheap = last === null || last.counted === null || last.tookMs <= CHEAP_MS;
    if (isCheap) return begin();
    if (isDue)
      begin().catch(() => {
        // The next one waits for its count, and is told.
        last = null;
      });
    return Promise.resolve(last?.counted ?? null);
  };
};
