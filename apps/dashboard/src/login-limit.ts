import type { Clock } from "@spillway/event";

/** How fast passwords can be guessed: for all clients together, since there is one password. */
export type LoginLimit = {
  /** Seconds to wait before the next attempt, or 0. */
  waitSeconds(): number;
  failed(): void;
  succeeded(): void;
};

const FREE_FAILURES = 5;
const WAIT_FIRST_MS = 1_000;
const WAIT_MOST_MS = 60_000;

export const createLoginLimit = (clock: Pick<Clock, "monotonicMs">): LoginLimit => {
  let failures = 0;
  let closedUntilMs = 0;
  return {
    waitSeconds: () => Math.max(0, Math.ceil((closedUntilMs - clock.monotonicMs()) / 1000)),
    failed() {
      failures++;
      if (failures < FREE_FAILURES) return;
      closedUntilMs = clock.monotonicMs() + Math.min(WAIT_MOST_MS, WAIT_FIRST_MS * 2 ** (failures - FREE_FAILURES));
    },
    succeeded() {
      failures = 0;
    },
  };
};
