import type { Clock } from "./clock.ts";

/** One time to wake up at, which a new one replaces. */
export const createAlarm = (clock: Clock) => {
  let atMs = Number.POSITIVE_INFINITY;
  let off = new AbortController();
  const stop = (): void => {
    off.abort();
    atMs = Number.POSITIVE_INFINITY;
  };
  return {
    /** Infinity: at none. */
    atMs: () => atMs,
    set: (timeMs: number, wake: () => void): void => {
      stop();
      off = new AbortController();
      const { signal } = off;
      atMs = timeMs;
      void clock.sleep(Math.max(0, timeMs - clock.monotonicMs()), signal).then(() => {
        if (!signal.aborted) wake();
      });
    },
    stop,
  };
};
