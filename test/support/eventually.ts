import { systemClock } from "@spillway/event";

const POLL_MS = 50;

/** Waits until `look` answers something truthy, and answers that. Throws with the last error after `deadlineMs`. */
export const eventually = async <T>(
  what: string,
  look: () => Promise<T> | T,
  deadlineMs = 60_000,
): Promise<Exclude<T, false | null | undefined | 0 | "">> => {
  const deadline = performance.now() + deadlineMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const seen = await look();
      if (seen) return seen as Exclude<T, false | null | undefined | 0 | "">;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await systemClock.sleep(POLL_MS);
  }
  throw new Error(`waited ${deadlineMs} ms in vain for: ${what}`, { cause: last });
};
