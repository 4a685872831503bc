/** How an attempt went, as far as the breaker cares. `refused`: the backend answered at once, only not with yes. */
export type Verdict = "ok" | "refused" | "failed" | "timeout";

export const breakerStates = ["closed", "open", "half_open"] as const;
export type BreakerState = (typeof breakerStates)[number];

type BreakerOptions = {
  /** Failures in a row that open it. */
  readonly failuresMax: number;
  /** Whether one timeout is enough. Right where something else can take the event: each timeout costs a client its wait. */
  readonly timeoutOpens: boolean;
  readonly onChange: (state: BreakerState) => void;
};

/**
 * A circuit breaker without a clock: it is half-open at the next attempt after it opened, and the prober decides when
 * that is, by a clock that nobody sets back. Runs an attempt and notes its verdict; while open it is the probe. Throws
 * while another attempt is the probe.
 */
export const createBreaker = ({ failuresMax, timeoutOpens, onChange }: BreakerOptions) => {
  let state: BreakerState = "closed";
  let failures = 0;

  const enter = (next: BreakerState): void => {
    state = next;
    failures = 0;
    onChange(next);
  };

  const conclude = (verdict: Verdict, wasProbe: boolean): void => {
    const isFailure = verdict === "failed" || verdict === "timeout";
    if (wasProbe) enter(isFailure ? "open" : "closed");
    // An attempt from before it opened says nothing new, neither way: the probe decides.
    else if (state === "closed") {
      failures = isFailure ? failures + 1 : 0;
      if (failures >= failuresMax || (timeoutOpens && verdict === "timeout")) enter("open");
    }
  };

  return async (attempt: () => Promise<Verdict>): Promise<void> => {
    if (state === "half_open") throw new Error("an attempt while another one is the probe");
    const isProbe = state === "open";
    if (isProbe) enter("half_open");
    let verdict: Verdict = "failed";
    try {
      verdict = await attempt();
    } finally {
      conclude(verdict, isProbe);
    }
  };
};
