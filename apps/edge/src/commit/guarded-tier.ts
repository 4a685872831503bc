import { type Appended, type Clock, late, type ShardChunk, type Tier, within } from "@spillway/event";
import type { Log } from "@spillway/telemetry";
import { type BreakerState, createBreaker, type Verdict } from "./breaker.ts";
import type { CommitMetrics } from "./commit-metrics.ts";
import { createProber } from "./prober.ts";
import type { TierName } from "./result.ts";

/** A tier with its breaker: asks nothing of a backend that is known not to answer, and never waits for ever. */
export type GuardedTier = {
  readonly name: TierName;
  /** Whether an append may be tried now. */
  isUp(): boolean;
  /** Only while `isUp`. One answer per chunk, in order, by `deadlineMs` plus 50 ms at the latest; never rejects. */
  append(chunks: readonly ShardChunk[], deadlineMs: number): Promise<readonly Appended[]>;
  /** Ends the background probing. */
  close(): void;
};

export type GuardedTierPorts = {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: CommitMetrics;
  /** Called when `isUp` changed. */
  readonly onChange: () => void;
};

export type GuardedTierOptions = {
  readonly timeoutOpens: boolean;
  /** Of a health probe. */
  readonly deadlineMs: number;
};

const FAILURES_MAX = 3;
/** What a tier may take beyond its deadline before it is left alone with its answer. */
const GRACE_MS = 50;

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

const allRetriable = (chunks: readonly ShardChunk[], code: string): readonly Appended[] =>
  chunks.map((): Appended => ({ kind: "retriable", code }));

export const createGuardedTier = (tier: Tier, ports: GuardedTierPorts, options: GuardedTierOptions): GuardedTier => {
  const { clock, random, log, metrics } = ports;
  let up = true;

  const onChange = (state: BreakerState): void => {
    metrics.breaker(tier.name, state);
    const wasUp = up;
    up = state === "closed";
    if (up === wasUp) return;
    log(up ? "info" : "warn", up ? "breaker.closed" : "breaker.opened", { tier: tier.name });
    ports.onChange();
  };
  const breaker = createBreaker({ failuresMax: FAILURES_MAX, timeoutOpens: options.timeoutOpens, onChange });

  const threw = (error: unknown): void =>
    log("error", "tier.threw", { tier: tier.name, error: error instanceof Error ? error.name : typeof error });

  /** What throws is not up. */
  const healthVerdict = async (): Promise<Verdict> => {
    try {
      return (await tier.health(options.deadlineMs)).status === "up" ? "ok" : "failed";
    } catch (error) {
      threw(error);
      return "failed";
    }
  };

  const probe = async (): Promise<boolean> => {
    await breaker.run(healthVerdict);
    return up;
  };
  const prober = createProber(clock, random, probe);

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

  const inTime = async (chunks: readonly ShardChunk[], deadlineMs: number): Promise<readonly Appended[]> => {
    const answers = await within(clock, deadlineMs + GRACE_MS, answersOf(chunks, deadlineMs));
    return answers === late ? allRetriable(chunks, "timeout") : answers;
  };

  const append = async (chunks: readonly ShardChunk[], deadlineMs: number): Promise<readonly Appended[]> => {
    const startedAtMs = clock.monotonicMs();
    let answers = allRetriable(chunks, "breaker_open");
    await breaker.run(async () => {
      answers = await inTime(chunks, deadlineMs);
      const verdict = verdictOf(answers);
      metrics.appended(tier.name, verdict, clock.monotonicMs() - startedAtMs);
      return verdict;
    });
    if (!up) prober.start();
    return answers;
  };

  metrics.breaker(tier.name, "closed");
  return { name: tier.name, isUp: () => up, append, close: () => prober.stop() };
};
