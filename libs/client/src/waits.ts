import type { Clock } from "./clock.ts";
import { laneOf, type Waits } from "./next-step.ts";
import type { Entry } from "./queue.ts";
import { retryDelayMs } from "./retry.ts";

/** After so many tries in a row, and until when. */
export type Wait = { readonly tries: number; readonly untilMs: number };

const none: Wait = { tries: 0, untilMs: 0 };
const longer = (one: Wait, other: Wait): Wait => (one.tries > other.tries ? one : other);

/** Who waits for a retry: a lane of which an event was refused for now, while the others go on; or all. */
export const createWaits = (clock: Pick<Clock, "monotonicMs">, random: () => number) => {
  const lanes = new Map<string | Entry, Wait>();
  let all = none;
  const next = ({ tries }: Wait, retryAfterMs: number | null): Wait => {
    const delayMs = retryDelayMs(tries + 1, retryAfterMs, random);
    return { tries: tries + 1, untilMs: clock.monotonicMs() + delayMs };
  };
  return {
    now: (): Waits => ({ allUntilMs: all.untilMs, lanes }),
    failed: (retryAfterMs: number | null): Wait => {
      all = next(all, retryAfterMs);
      return all;
    },
    failedOf: (entries: readonly Entry[], retryAfterMs: number | null): Wait => {
      const names = new Set(entries.map(laneOf));
      const wait = next([...names].map((name) => lanes.get(name) ?? none).reduce(longer, none), retryAfterMs);
      for (const name of names) lanes.set(name, wait);
      return wait;
    },
    answered: (): void => {
      all = none;
    },
    settled: (entry: Entry): void => void lanes.delete(laneOf(entry)),
  };
};
