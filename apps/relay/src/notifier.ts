import type { Clock } from "@spillway/event";

/**
 * Wakes whoever waits. A notice without a listener is not kept, so look at what you wait for first, and wait without an
 * await in between. Resolvers and no `Promise.race`: racing one long promise thousands of times a second keeps a
 * reaction of every race until it ends.
 */
export const createNotifier = (clock: Clock) => {
  let listeners: (() => void)[] = [];
  return {
    notify: (): void => {
      const woken = listeners;
      listeners = [];
      for (const wake of woken) wake();
    },
    /** Resolves at the next notice. */
    wait: (): Promise<void> =>
      new Promise((resolve) => {
        listeners.push(resolve);
      }),
    /** Resolves at the next notice or after `ms`. */
    waitAtMost: async (ms: number): Promise<void> => {
      const notified = new AbortController();
      const wake = () => notified.abort();
      listeners.push(wake);
      await clock.sleep(ms, notified.signal);
      listeners = listeners.filter((listener) => listener !== wake);
    },
  };
};

export type Notifier = ReturnType<typeof createNotifier>;
