/** Time as the queues use it, several times a request: a sleep with its signal costs ten times as much. */
export type Timers = {
  /** Never goes back. */
  nowMs(): number;
  /** Returns what takes it back. */
  after(ms: number, act: () => void): () => void;
  /** When all that is ready now has run. */
  soon(act: () => void): void;
};

export const systemTimers: Timers = {
  nowMs: () => performance.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, Math.max(0, ms));
    return () => clearTimeout(timer);
  },
  soon: (act) => void setImmediate(act),
};
