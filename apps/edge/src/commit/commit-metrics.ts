import { promiseStates, type Tier, type TierPromise } from "@spillway/event";
import type { Metrics } from "@spillway/telemetry";
import { type BreakerState, breakerStates, type Verdict } from "./breaker.ts";
import type { Held, RefusalCode } from "./result.ts";

const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.5, 1];
const EVENTS = [1, 4, 16, 64, 128, 256, 400, 800, 1_600];

/** What the commits report. Called per append and per chunk, never per event. */
export const createCommitMetrics = (metrics: Metrics) => {
  const appendSeconds = metrics.histogram("spillway_tier_append_seconds", "Time of one append to a tier.", SECONDS, [
    "tier",
    "outcome",
  ]);
  const breakerState = metrics.gauge(
    "spillway_breaker_state",
    "1 for the state that the tier's circuit breaker is in, else 0.",
    ["tier", "state"],
  );
  const promiseState = metrics.gauge(
    "spillway_tier_promise",
    "1 for what is known of the tier's promise that events are on disk, else 0.",
    ["tier", "state"],
  );
  const ingestedTotal = metrics.counter(
    "spillway_events_ingested_total",
    "Events that a tier recorded (accepted) or knew already (duplicate).",
    ["tier", "status"],
  );
  const refusedTotal = metrics.counter(
    "spillway_events_refused_total",
    "Events that were not stored, by the code of the answer.",
    ["code"],
  );
  const commitEvents = metrics.histogram("spillway_commit_events", "Events of one append to a tier.", EVENTS);
  const shardsDiverted = metrics.gauge("spillway_shards_diverted", "Shards whose events go to the outbox.");
  return {
    appended: (tier: Tier["name"], outcome: Verdict, ms: number): void =>
      appendSeconds.observe(ms / 1_000, { tier, outcome }),
    breaker: (tier: Tier["name"], now: BreakerState): void => {
      for (const state of breakerStates) breakerState.set(state === now ? 1 : 0, { tier, state });
    },
    promise: (tier: Tier["name"], now: TierPromise["state"]): void => {
      for (const state of promiseStates) promiseState.set(state === now ? 1 : 0, { tier, state });
    },
    ingested: (tier: Held, accepted: number, duplicates: number): void => {
      if (accepted > 0) ingestedTotal.add(accepted, { tier, status: "accepted" });
      if (duplicates > 0) ingestedTotal.add(duplicates, { tier, status: "duplicate" });
    },
    refused: (code: RefusalCode, events: number): void => refusedTotal.add(events, { code }),
    committed: (events: number): void => commitEvents.observe(events),
    diverted: (shards: number): void => shardsDiverted.set(shards),
  };
};

export type CommitMetrics = ReturnType<typeof createCommitMetrics>;
