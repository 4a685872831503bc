import { systemClock } from "@spillway/event";

/** What was waited for did not come in time; the message says what it was. */
export class TooLate extends Error {}

/** Waits until `look` answers something truthy, and answers that. Throws with the last error after `deadlineMs`. */
export const eventually = async <T>(
  what: string,
  look: () => Promise<T> | T,
  deadlineMs = 60_000,
  pollMs = 50,
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
    await systemClock.sleep(pollMs);
  }
  const because = last instanceof Error ? `: ${last.message}` : "";
  throw new TooLate(`waited ${deadlineMs} ms in vain for: ${what}${because}`, { cause: last });
};
