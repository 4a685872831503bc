import type { Clock } from "@spillway/event";

/** Between two probes: the first comes soon, since most faults are short; a long outage is asked about once a second. */
const FIRST_MS = 250;
const MAX_MS = 1_000;
const GROWTH = 1.5;

/**
 * Asks a failed backend whether it is back, so that no client's event has to find out. The waits are spread by ±25 %,
 * so that many edges do not ask in step. A background loop that ends when `isUp` after a probe; starting it while it runs
 * does nothing. That it ends is decided in the step in which it does: a backend that fails again in between would not be
 * asked any more, by nobody.
 */
export const createProber = (clock: Clock, random: () => number, probe: () => Promise<void>, isUp: () => boolean) => {
  let running: AbortController | null = null;

  const loop = async (signal: AbortSignal): Promise<void> => {
    let waitMs = FIRST_MS;
    while (!signal.aborted && !isUp()) {
      await clock.sleep(waitMs * (0.75 + random() / 2), signal);
      if (!signal.aborted) await probe();
      waitMs = Math.min(MAX_MS, waitMs * GROWTH);
    }
    if (running?.signal === signal) running = null;
  };

  return {
    start: (): void => {
      if (running) return;
      running = new AbortController();
      void loop(running.signal);
    },
    stop: (): void => {
      running?.abort();
      running = null;
    },
  };
};
