import type { Clock } from "@spillway/event";
import type { Gate } from "./gate.ts";
import type { GuardedTier } from "./guarded-tier.ts";

type HoldPorts = {
  readonly gate: Gate;
  readonly stream: Pick<GuardedTier, "isUp">;
  readonly clock: Clock;
  readonly readOnce: (deadlineMs: number) => Promise<boolean>;
  /** Called while it is held, for whoever has no time left, and at its end. */
  readonly onChange: () => void;
};

/** The moment in which diverted shards' events are held back, so that the drain can empty the outbox. */
export type Hold = {
  /** How long the next one is. */
  lengthMs(): number;
  run(signal: AbortSignal): Promise<void>;
  /** The next one is as short as the first. */
  startOver(): void;
};

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

export const createHold = ({ gate, stream, clock, readOnce, onChange }: HoldPorts): Hold => {
  let holdMs = HOLD_FIRST_MS;
  return {
    lengthMs: () => holdMs,
    startOver: () => {
      holdMs = HOLD_FIRST_MS;
    },
    run: async (signal) => {
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
          onChange();
        }
      } finally {
        gate.release();
        onChange();
      }
    },
  };
};
