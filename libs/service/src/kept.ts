import type { Clock } from "@spillway/event";

export type KeptOptions<T> = {
  /** What is answered before anybody answered us. */
  readonly initial: T;
  /** Asks the backend. Rejections are the caller's. */
  readonly ask: () => Promise<T>;
  /** An answer is kept for so long: probes come from several sides, and a backend answers one of them for all. */
  readonly keepMs: number;
  /** How long a probe waits; then the last answer stands until the next one comes. */
  readonly deadlineMs: number;
};

/** The last answer of a backend that may be slow. */
export const createKept = <T>(clock: Clock, options: KeptOptions<T>): (() => Promise<T>) => {
  let last = options.initial;
  let asked: Promise<void> | null = null;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  const refresh = (): Promise<void> => {
    askedAtMs = clock.monotonicMs();
    const asking = options.ask().then((answer) => {
      last = answer;
    });
    return asking.finally(() => {
      asked = null;
    });
  };
  return async () => {
    if (asked === null && clock.monotonicMs() - askedAtMs >= options.keepMs) asked = refresh();
    if (asked === null) return last;
    const answered = new AbortController();
    await Promise.race([asked, clock.sleep(options.deadlineMs, answered.signal)]);
    answered.abort();
    return last;
  };
};
