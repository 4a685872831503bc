import type { CommitParts } from "./committer.ts";
import type { Opener } from "./opener.ts";

/**
 * The longest that a commit is held back. Each hold that ends in vain makes the next one longer, since a busy machine's
 * drain needs more; half a second leaves an event that waited for all of it the time for the outbox.
 */
const HOLD_FIRST_MS = 250;
const HOLD_MOST_MS = 500;
const HOLD_GROWTH = 1.4;
const HOLD_POLL_MS = 15;
/** A read whose answer is lost must not use up the hold. */
const HOLD_READ_MS = 100;

/**
 * The moment in which diverted shards' events are held back, so that the drain can empty the outbox. Who has no time left
 * is answered meanwhile, as ever.
 */
export const createHold = ({ gate, stream, clock, onChange }: CommitParts, { readOnce }: Opener) => {
  let holdMs = HOLD_FIRST_MS;
  return {
    /** How long the next one is. */
    lengthMs: (): number => holdMs,
    /** The next one is as short as the first. */
    startOver: (): void => {
      holdMs = HOLD_FIRST_MS;
    },
    run: async (signal: AbortSignal): Promise<void> => {
      const untilMs = clock.monotonicMs() + holdMs;
      holdMs = Math.min(HOLD_MOST_MS, holdMs * HOLD_GROWTH);
      gate.hold();
      try {
        for (;;) {
          const leftMs = untilMs - clock.monotonicMs();
          if (leftMs <= 0 || signal.aborted || !stream.isUp() || gate.divertedCount() === 0) return;
          // An outbox that does not answer will not be seen empty: nobody is held for it.
          if (!(await readOnce(Math.max(HOLD_POLL_MS, Math.min(leftMs, HOLD_READ_MS))))) return;
          if (gate.divertedCount() > 0) await clock.sleep(HOLD_POLL_MS, signal);
        }
      } finally {
        gate.release();
        onChange();
      }
    },
  };
};
