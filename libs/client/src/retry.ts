const FIRST_MS = 200;
const MAX_MS = 30_000;
/** A server that says a year is mistaken. */
const RETRY_AFTER_MAX_MS = 600_000;

/**
 * Full jitter: anything from nothing to twice as much with each try, so that clients that failed together do not come back
 * together; all of it behind what the server asked for. `tries`: that failed so far, from 1.
 */
export const retryDelayMs = (tries: number, retryAfterMs: number | null, random: () => number): number =>
  Math.min(RETRY_AFTER_MAX_MS, retryAfterMs ?? 0) + random() * Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(tries, 10));
