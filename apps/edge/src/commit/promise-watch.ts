import { errorName, type Tier, type TierHealth } from "@spillway/event";
import type { CommitParts, CommitterOptions } from "./committer.ts";
import { createReliance } from "./reliance.ts";

/** From one question's answer to the next question: with the answer's 400 ms a change is known in less than a second. */
const ASK_EVERY_MS = 500;
/** The same while nobody answered, or an append has just failed: another server may answer next. */
const ASK_AGAIN_MS = 100;
/**
 * The same while no event has come for a while, the stream is up and keeps what it takes: each question to a hosted Redis is paid for.
 * The first event after that waits for an answer of its own.
 */
const ASK_RESTING_MS = 10_000;
const QUIET_MS = 3_000;

/** Null: it threw, which is a bug of its. */
const healthOf = async (tier: Pick<Tier, "name" | "health">, deadlineMs: number, log: CommitParts["log"]) => {
  try {
    return await tier.health(deadlineMs);
  } catch (error) {
    log("error", "tier.threw", { tier: tier.name, error: errorName(error) });
    return null;
  }
};

/**
 * Knows what the promise of the stream is worth now: asks twice a second while events come, before the first that comes after a pause,
 * at once after an append that failed, and hears what the breaker's probe was told, so that a stream that is back is not written to before that.
 */
export const createPromiseWatch = (
  tier: Pick<Tier, "name" | "health">,
  watch: Pick<CommitParts, "clock" | "log" | "metrics" | "onChange">,
  options: Pick<CommitterOptions, "onWeakRedis" | "streamDeadlineMs">,
) => {
  const { clock, log } = watch;
  const reliance = createReliance(tier, watch, options);
  /** The last answer. */
  let last: TierHealth | null = null;
  let eventAtMs = clock.monotonicMs();
  let isResting = false;
  /** What was told is older than it is while events come. */
  let isOld = false;
  let asking: Promise<boolean> | null = null;
  let running: AbortController | null = null;
  let nap = new AbortController();

  /** Answers whether anybody answered. One question is for all who ask while it is under way. */
  const ask = (): Promise<boolean> => {
    asking ??= healthOf(tier, options.streamDeadlineMs, log)
      .then((health) => {
        if (health === null) return false;
        reliance.hear(health);
        last = health;
        return health.promise !== null;
      })
      .finally(() => {
        asking = null;
      });
    return asking;
  };

  const mayRest = (): boolean =>
    clock.monotonicMs() - eventAtMs >= QUIET_MS &&
    reliance.now() === "stream" &&
    last?.status === "up" &&
    last.promise?.state !== "mending";

  const loop = async (signal: AbortSignal): Promise<void> => {
    let isAnswered = true;
    for (;;) {
      await clock.sleep(ASK_AGAIN_MS, signal);
      if (signal.aborted) return;
      nap = new AbortController();
      isResting = isAnswered && mayRest();
      isOld ||= isResting;
      if (isAnswered) await clock.sleep((isResting ? ASK_RESTING_MS : ASK_EVERY_MS) - ASK_AGAIN_MS, nap.signal);
      isResting = false;
      if (signal.aborted) return;
      isAnswered = await ask();
      isOld = false;
    }
  };

  return {
    /** Where events may go by it. */
    reliance: reliance.now,
    hear: reliance.hear,
    /** Asks now. */
    doubt: (): void => nap.abort(),
    /** An event has come. */
    awake: (): void => {
      eventAtMs = clock.monotonicMs();
    },
    /** Before an append: null, or, after a pause, a question what the promise is worth now, which is to be waited for. */
    ready: (): Promise<unknown> | null => {
      if (!isOld) return null;
      nap.abort();
      return ask();
    },
    /** What the stream said last, for as long as nothing is asked more often; null: ask. */
    resting: (): TierHealth | null => (isResting ? last : null),
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
