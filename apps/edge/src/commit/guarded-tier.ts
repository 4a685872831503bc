import { type Appended, errorName, late, type ShardChunk, type Tier, type TierHealth, within } from "@spillway/event";
import { type BreakerState, createBreaker, type Verdict } from "./breaker.ts";
import type { CommitParts } from "./committer.ts";
import { createProber } from "./prober.ts";

const FAILURES_MAX = 3;
/** What a tier may take beyond its deadline before it is left alone with its answer. */
export const GRACE_MS = 50;

/** Codes with which a healthy backend refuses at once: that it has no room for this write says nothing about the next. */
const refusalCodes: ReadonlySet<string> = new Set(["oom", "request_too_large", "record_too_large"]);

const verdictOf = (answers: readonly Appended[]): Verdict => {
  let verdict: Verdict = "ok";
  for (const answer of answers) {
    if (answer.kind === "ok") continue;
    if (answer.kind !== "retriable" || refusalCodes.has(answer.code)) {
      if (verdict === "ok") verdict = "refused";
      continue;
    }
    if (answer.code === "timeout") return "timeout";
    verdict = "failed";
  }
  return verdict;
};

/** Why an append failed: what its first chunk that may be tried again was told. */
const codeOf = (answers: readonly Appended[]): string => {
  for (const answer of answers) if (answer.kind === "retriable" && !refusalCodes.has(answer.code)) return answer.code;
  return "failed";
};

const allRetriable = (chunks: readonly ShardChunk[], code: string): readonly Appended[] =>
  chunks.map((): Appended => ({ kind: "retriable", code }));

export type GuardedTierOptions = {
  readonly timeoutOpens: boolean;
  /** Of a health probe, and of an append for which there is as much time. */
  readonly deadlineMs: number;
  /** What its promise rests on: hears each probe before its end, and that an append failed. */
  readonly promise?: { hear(health: TierHealth): void; doubt(): void };
};

/** A tier with its breaker: asks nothing of a backend that is known not to answer, and never waits for ever. */
export const createGuardedTier = (
  tier: Tier,
  { clock, random, log, metrics, onChange }: Pick<CommitParts, "clock" | "random" | "log" | "metrics" | "onChange">,
  { timeoutOpens, deadlineMs: mostMs, promise }: GuardedTierOptions,
) => {
  let up = true;
  /** Of the last attempt that failed. */
  let code = "failed";

  const enter = (state: BreakerState): void => {
    metrics.breaker(tier.name, state);
    const wasUp = up;
    up = state === "closed";
    if (up === wasUp) return;
    if (up) log("info", "breaker.closed", { tier: tier.name });
    else log("warn", "breaker.opened", { tier: tier.name, code });
    onChange();
  };
  const attempt = createBreaker({ failuresMax: FAILURES_MAX, timeoutOpens, onChange: enter });

  const threw = (error: unknown): void => log("error", "tier.threw", { tier: tier.name, error: errorName(error) });

  /** What throws is not up. */
  const healthVerdict = async (): Promise<Verdict> => {
    try {
      const health = await tier.health(mostMs);
      promise?.hear(health);
      return health.status === "up" ? "ok" : "failed";
    } catch (error) {
      threw(error);
      return "failed";
    }
  };

  const isUp = (): boolean => up;
  const prober = createProber(clock, random, () => attempt(healthVerdict), isUp);

  /** A tier that rejects or answers too few has a bug; its events may or may not be stored, and somebody waits for them. */
  const answersOf = async (chunks: readonly ShardChunk[], deadlineMs: number): Promise<readonly Appended[]> => {
    try {
      const answers = await tier.append(chunks, deadlineMs);
      if (answers.length === chunks.length) return answers;
      log("error", "tier.miscounted", { tier: tier.name, chunks: chunks.length, answers: answers.length });
    } catch (error) {
      threw(error);
    }
    return allRetriable(chunks, "internal");
  };

  const inTime = async (chunks: readonly ShardChunk[], untilMs: number): Promise<readonly Appended[]> => {
    const deadlineMs = Math.min(mostMs, untilMs - clock.monotonicMs() - GRACE_MS);
    const answers = await within(clock, deadlineMs + GRACE_MS, answersOf(chunks, deadlineMs));
    return answers === late ? allRetriable(chunks, "timeout") : answers;
  };

  const tried = async (call: () => Promise<Verdict>): Promise<void> => {
    await attempt(call);
    if (!up) prober.start();
  };

  const append = async (chunks: readonly ShardChunk[], untilMs: number): Promise<readonly Appended[]> => {
    const startedAtMs = clock.monotonicMs();
    let answers = allRetriable(chunks, "breaker_open");
    await tried(async () => {
      answers = await inTime(chunks, untilMs);
      const verdict = verdictOf(answers);
      metrics.appended(tier.name, verdict, clock.monotonicMs() - startedAtMs);
      if (verdict === "failed" || verdict === "timeout") {
        code = codeOf(answers);
        promise?.doubt();
      }
      return verdict;
    });
    return answers;
  };

  metrics.breaker(tier.name, "closed");
  return {
    /** Whether an append may be tried now. */
    isUp,
    /** Only while `isUp`. One answer per chunk, in order, when the clock says `untilMs` at the latest; never rejects. */
    append,
    /** Only while `isUp`: another call to the same backend, of which the breaker takes note. It must end, and not reject. */
    tried,
    /** Ends the background probing. */
    close: prober.stop,
  };
};

export type GuardedTier = ReturnType<typeof createGuardedTier>;
