import type { Clock } from "./clock.ts";

/** What a deadline gives instead of a result. The work goes on; whoever gave up on it decides what happens to it. */
export const late: unique symbol = Symbol("late");

/** The result of `work`, or `late` after `ms`. Rejects when the work does in time; a later rejection is observed. */
export const within = async <T>(clock: Clock, ms: number, work: PromiseLike<T>): Promise<T | typeof late> => {
  const done = new AbortController();
  try {
    return await Promise.race<T | typeof late>([work, clock.sleep(ms, done.signal).then((): typeof late => late)]);
  } finally {
    done.abort();
  }
};
