/** Time as a port, so that the simulation can own it. Deadlines use `monotonicMs`; timestamps use `wallMs`. */
export type Clock = {
  /** Milliseconds since some fixed point; never jumps back when somebody sets the machine's clock. */
  monotonicMs(): number;
  /** Milliseconds since 1970. */
  /** Whole ms since 1970. */
  wallMs(): number;
  /** Resolves after `ms`, or at once when the signal aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      // Of a time that has passed a runtime writes a warning of its own, as text, into the log (F47h, F73: a late edge).
      const timer = setTimeout(done, Math.max(0, ms));
      signal?.addEventListener("abort", done, { once: true });
    }),
};
