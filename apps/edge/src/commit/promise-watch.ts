import { errorName, promiseAfter, type Tier, type TierHealth, type TierPromise } from "@spillway/event";
import type { CommitParts, CommitterOptions } from "./committer.ts";
import { type Reliance, relianceOf } from "./route.ts";

/** From one question's answer to the next question: with the answer's 400 ms a change is known in less than a second. */
const ASK_EVERY_MS = 500;
/** The same while nobody answered, or an append has just failed: another server may answer next. */
const ASK_AGAIN_MS = 100;

const becauseOf = (promise: TierPromise): string => (promise.state === "kept" ? "" : promise.because.join(", "));

/**
 * Knows what the promise of the stream is worth now: asks twice a second, at once after an append that failed, and hears
 * what the breaker's probe was told, so that a stream that is back is not written to before that.
 */
export const createPromiseWatch = (
  tier: Pick<Tier, "name" | "health">,
  { clock, log, metrics, onChange }: Pick<CommitParts, "clock" | "log" | "metrics" | "onChange">,
  { onWeakRedis, streamDeadlineMs }: Pick<CommitterOptions, "onWeakRedis" | "streamDeadlineMs">,
) => {
  /** Null until a server has told. */
  let promise: TierPromise | null = null;
  let reliance: Reliance = relianceOf("unknown", onWeakRedis);
  let running: AbortController | null = null;
  let nap = new AbortController();

  const hear = ({ promise: told }: Pick<TierHealth, "promise">): void => {
    if (told === null) return;
    const [before, relied] = [promise, reliance];
    const now = promiseAfter(before, told);
    if (before !== null && before.state === now.state && becauseOf(before) === becauseOf(now)) return;
    promise = now;
    reliance = relianceOf(now.state, onWeakRedis);
    metrics.promise(tier.name, now.state);
    const fields = { tier: tier.name, because: becauseOf(now), events_go_to: reliance };
    if (now.state !== "kept") log("warn", `promise.${now.state}`, fields);
    else if (before !== null) log("info", "promise.kept", { tier: tier.name });
    if (reliance !== relied) onChange();
  };

  /** Answers whether anybody answered. */
  const ask = async (): Promise<boolean> => {
    try {
      const health = await tier.health(streamDeadlineMs);
      hear(health);
      return health.promise !== null;
    } catch (error) {
      log("error", "tier.threw", { tier: tier.name, error: errorName(error) });
      return false;
    }
  };

  const loop = async (signal: AbortSignal): Promise<void> => {
    let isAnswered = true;
    for (;;) {
      await clock.sleep(ASK_AGAIN_MS, signal);
      if (signal.aborted) return;
      nap = new AbortController();
      if (isAnswered) await clock.sleep(ASK_EVERY_MS - ASK_AGAIN_MS, nap.signal);
      if (signal.aborted) return;
      isAnswered = await ask();
    }
  };

  metrics.promise(tier.name, "unknown");
  return {
    /** Where events may go by it. */
    reliance: (): Reliance => reliance,
    hear,
    /** Asks now. */
    doubt: (): void => nap.abort(),
    /** Asks once, and again and again from then on. */
    start: async (): Promise<void> => {
      running = new AbortController();
      const { signal } = running;
      await ask();
      void loop(signal);
    },
    stop: (): void => {
      running?.abort();
      nap.abort();
    },
  };
};

export type PromiseWatch = ReturnType<typeof createPromiseWatch>;
