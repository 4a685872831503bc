import {
  BrokenCircuitError,
  CircuitState,
  circuitBreaker,
  handleWhenResult,
  type IBackoff,
  type IBreaker,
} from "cockatiel";

/** How an attempt went, as far as the breaker cares. `refused`: the backend answered at once, only not with yes. */
export type Verdict = "ok" | "refused" | "failed" | "timeout";

export type BreakerState = "closed" | "open" | "half_open";
export const breakerStates: readonly BreakerState[] = ["closed", "open", "half_open"];

export type Breaker = {
  state(): BreakerState;
  /** Runs the attempt, and notes its verdict. Must not be called while another attempt is the probe. */
  run(attempt: () => Promise<Verdict>): Promise<void>;
};

export type BreakerOptions = {
  /** Failures in a row that open it. */
  readonly failuresMax: number;
  /** Whether one timeout is enough. Right where something else can take the event: each timeout costs a client its wait. */
  readonly timeoutOpens: boolean;
  readonly onChange: (state: BreakerState) => void;
};

const stateNames: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: "closed",
  [CircuitState.Open]: "open",
  [CircuitState.HalfOpen]: "half_open",
  [CircuitState.Isolated]: "open",
};

/**
 * Half-open at the next attempt, whatever cockatiel's clock says: the prober decides when that is, by a clock that
 * nobody sets back. 2026-11-21: with a duration, a machine's clock set back by two hours kept it open for two hours.
 */
const wheneverProbed: IBackoff<unknown> = { duration: Number.NEGATIVE_INFINITY, next: () => wheneverProbed };

const isFailure = (verdict: unknown): boolean => verdict === "failed" || verdict === "timeout";

export const createBreaker = (options: BreakerOptions): Breaker => {
  let last: Verdict = "ok";
  let failures = 0;
  const count: IBreaker = {
    state: null,
    success: () => {
      failures = 0;
    },
    failure: () => ++failures >= options.failuresMax || (options.timeoutOpens && last === "timeout"),
  };
  const policy = circuitBreaker(handleWhenResult(isFailure), { breaker: count, halfOpenAfter: wheneverProbed });
  policy.onStateChange((state) => options.onChange(stateNames[state]));
  return {
    state: () => stateNames[policy.state],
    run: async (attempt) => {
      try {
        await policy.execute(async () => {
          const verdict = await attempt();
          last = verdict;
          return verdict;
        });
      } catch (error) {
        if (!(error instanceof BrokenCircuitError)) throw error;
      }
    },
  };
};
