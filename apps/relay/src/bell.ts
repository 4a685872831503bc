import type { Clock } from "@spillway/event";

/**
 * Wakes whoever waits. A ring without a listener is not kept, so look at what you wait for first, and wait without an
 * await in between. Resolvers and no `Promise.race`: racing one long promise thousands of times a second keeps a
 * reaction of every race until it ends.
 */
export type Bell = {
  ring(): void;
  /** Resolves at the next ring. */
  wait(): Promise<void>;
  /** Resolves at the next ring or after `ms`. */
  waitAtMost(ms: number): Promise<void>;
};

export const createBell = (clock: Clock): Bell => {
  let listeners: (() => void)[] = [];
  return {
    ring: () => {
      const woken = listeners;
      listeners = [];
      for (const wake of woken) wake();
    },
    wait: () =>
      new Promise((resolve) => {
        listeners.push(resolve);
      }),
    waitAtMost: async (ms) => {
      const rung = new AbortController();
      const wake = () => rung.abort();
      listeners.push(wake);
      await clock.sleep(ms, rung.signal);
      listeners = listeners.filter((listener) => listener !== wake);
    },
  };
};
