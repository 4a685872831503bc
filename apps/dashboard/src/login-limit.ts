import type { Clock } from "@spillway/event";

/** One attempt to log in. */
export type Attempt = {
  /** The how-manieth of this client in this minute; Infinity where so many clients are counted that no more can be. */
  readonly nth: number;
  /** Whether the password may be compared. */
  readonly isChecked: boolean;
};

/** Attempts that a client has for itself in a minute, whatever the others do. */
export const ATTEMPTS_OWN = 5;

/**
 * Attempts that all clients together have besides, per second. Nothing but the password tells an operator from a stranger
 * behind one proxy, so the right one must be compared while strangers guess: 500 a second were tried. At twice as many,
 * 12 random letters last for 3 million years.
 */
export const SHARED_PER_SECOND = 1_000;

const CLIENTS_MAX = 10_000;
const MINUTE_MS = 60_000;

/** How fast passwords can be guessed. It never refuses one client because of another's guesses, up to the shared number. */
export const createLoginLimit = (
  clock: Pick<Clock, "monotonicMs">,
  { own, sharedPerSecond } = { own: ATTEMPTS_OWN, sharedPerSecond: SHARED_PER_SECOND },
) => {
  const attempts = new Map<string, number>();
  let minuteEndMs = 0;
  let shared = sharedPerSecond;
  let sharedAtMs = clock.monotonicMs();

  const count = (client: string): number => {
    const nth = (attempts.get(client) ?? 0) + 1;
    if (nth === 1 && attempts.size >= CLIENTS_MAX) return Number.POSITIVE_INFINITY;
    attempts.set(client, nth);
    return nth;
  };

  return {
    /** Counts an attempt. Whoever asks must compare before anything else can happen, or the count is not of comparisons. */
    attempt(client: string): Attempt {
      const nowMs = clock.monotonicMs();
      if (nowMs >= minuteEndMs) {
        attempts.clear();
        minuteEndMs = nowMs + MINUTE_MS;
      }
      const nth = count(client);
      if (nth <= own) return { nth, isChecked: true };
      shared = Math.min(sharedPerSecond, shared + ((nowMs - sharedAtMs) * sharedPerSecond) / 1_000);
      sharedAtMs = nowMs;
      if (shared < 1) return { nth, isChecked: false };
      shared--;
      return { nth, isChecked: true };
    },
    /** Until clients have their own attempts again. */
    waitSeconds: (): number => Math.max(1, Math.ceil((minuteEndMs - clock.monotonicMs()) / 1_000)),
  };
};
