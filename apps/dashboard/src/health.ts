import type { Clock } from "@spillway/event";
import { createKept, type Status } from "@spillway/service";

export type Check = { readonly status: "up" | "down" | "unknown"; readonly warnings?: readonly string[] };
export type Checks = { readonly redis: Check; readonly postgres: Check };

export type Readiness = {
  /** Never `down`: the page comes without a backend, too, and says what is unknown. */
  readonly status: Exclude<Status, "down">;
  readonly checks: Checks;
};

const unknown: Check = { status: "unknown" };

/** Whether there is something to look at. */
export const createHealth = (clock: Clock, ask: () => Promise<Checks>) => {
  let stopping = false;
  const initial = { redis: unknown, postgres: unknown };
  const checks = createKept<Checks>(clock, { initial, ask });
  return {
    /** Asks the backends at most every two seconds, for as long as half a second. */
    readiness: async (): Promise<Readiness> => {
      const found = await checks();
      const isWhole = [found.redis, found.postgres].every(
        ({ status, warnings = [] }) => status === "up" && warnings.length === 0,
      );
      return { status: stopping ? "stopping" : isWhole ? "up" : "degraded", checks: found };
    },
    /** From now on the answer is `stopping`. */
    stop: (): void => {
      stopping = true;
    },
    isStopping: (): boolean => stopping,
  };
};
