import type { Clock } from "@spillway/event";

/** Between two probes: the first comes soon, since most faults are short; a long outage is asked about once a second. */
const FIRST_MS = 250;
const MAX_MS = 1_000;
const GROWTH = 1.5;

/** A background loop that ends when `probe` answers true. Starting it while it runs does nothing. */
export type Prober = { start(): void; stop(): void };

/**
 * Asks a failed backend whether it is back, so that no client's event has to find out. The waits are spread by ±25 %,
 * so that many edges do not ask in step.
 */
export const createProber = (clock: Clock, random: () => number, probe: () => Promise<boolean>): Prober => {
  let running: AbortController | null = null;

  const loop = async (signal: AbortSignal): Promise<void> => {
    let waitMs = FIRST_MS;
    for (;;) {
      await clock.sleep(waitMs * (0.75 + random() / 2), signal);
      if (signal.aborted || (await probe())) break;
      waitMs = Math.min(MAX_MS, waitMs * GROWTH);
    }
    if (running?.signal === signal) running = null;
  };

  return {
    start: () => {
      if (running) return;
      running = new AbortController();
      void loop(running.signal);
    },
    stop: () => {
      running?.abort();
      running = null;
    },
  };
};
