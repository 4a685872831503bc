import { type Clock, within } from "@spillway/event";

export type KeptOptions<T> = {
  /** What is answered before anybody answered us. */
  readonly initial: T;
  /** Asks the backend. Rejections are the caller's. */
  readonly ask: () => Promise<T>;
  /** How long an answer stands, unless two seconds. */
  readonly keepMs?: number;
};

/** Probes come from several sides, and a backend answers one of them for all. */
const KEEP_MS = 2_000;
/** How long a probe waits; then the last answer stands until the next one comes. */
const DEADLINE_MS = 500;

/** The last answer of a backend that may be slow: it is asked at most every two seconds or `keepMs`, for as long as half a second. */
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
    if (asked === null && clock.monotonicMs() - askedAtMs >= (options.keepMs ?? KEEP_MS)) asked = refresh();
    if (asked !== null) await within(clock, DEADLINE_MS, asked);
    return last;
  };
};
