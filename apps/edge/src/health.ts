import type { Clock, Tier, TierHealth } from "@spillway/event";
import type { Status } from "@spillway/service";
import type { Committer } from "./commit/committer.ts";

export type Readiness = {
  /** `degraded`: events are made durable, but something is wrong. `down`, `stopping`: send them elsewhere. */
  readonly status: Status;
  readonly checks: { readonly stream: TierHealth; readonly outbox: TierHealth };
  /** Shards whose events go to the outbox. */
  readonly diverted_shards: number;
};

/** Whether an event can be made durable now. */
export type Health = {
  /** Asks both tiers, at most once a second. */
  readiness(): Promise<Readiness>;
  /** From now on the answer is `stopping`: a load balancer takes the edge out before it ends. */
  stop(): void;
  isStopping(): boolean;
};

export type HealthPorts = {
  readonly stream: Tier;
  readonly outbox: Tier;
  readonly committer: Pick<Committer, "state">;
  readonly clock: Clock;
  readonly shards: number;
};

/** Probes come from several sides (balancers, dashboards); the backends answer one a second for all of them. */
const KEEP_MS = 1_000;
const DEADLINE_MS = 500;

/** A tier is up for us when it answers and its breaker lets us ask. */
const checked = ({ status, warnings }: TierHealth, breakerClosed: boolean): TierHealth => ({
  status: status === "up" && breakerClosed ? "up" : "down",
  warnings,
});

export const createHealth = (ports: HealthPorts): Health => {
  const { stream, outbox, committer, clock, shards } = ports;
  let stopping = false;
  let asked: Promise<[TierHealth, TierHealth]> | null = null;
  let askedAtMs = Number.NEGATIVE_INFINITY;

  const ask = (): Promise<[TierHealth, TierHealth]> => {
    const nowMs = clock.monotonicMs();
    if (asked === null || nowMs - askedAtMs >= KEEP_MS) {
      askedAtMs = nowMs;
      asked = Promise.all([stream.health(DEADLINE_MS), outbox.health(DEADLINE_MS)]);
    }
    return asked;
  };

  const statusOf = (checks: Readiness["checks"], divertedShards: number): Status => {
    if (stopping) return "stopping";
    const outboxUp = checks.outbox.status === "up";
    const streamUp = checks.stream.status === "up";
    if (!outboxUp && (!streamUp || divertedShards === shards)) return "down";
    const warnings = checks.stream.warnings.length + checks.outbox.warnings.length;
    return streamUp && outboxUp && divertedShards === 0 && warnings === 0 ? "up" : "degraded";
  };

  return {
    readiness: async () => {
      const [streamHealth, outboxHealth] = await ask();
      const state = committer.state();
      const checks = { stream: checked(streamHealth, state.stream), outbox: checked(outboxHealth, state.outbox) };
      return { status: statusOf(checks, state.divertedShards), checks, diverted_shards: state.divertedShards };
    },
    stop: () => {
      stopping = true;
    },
    isStopping: () => stopping,
  };
};
