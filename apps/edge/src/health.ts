import type { Belonging, Clock, Tier, TierHealth, TierPromise } from "@spillway/event";
import { createSince, type Status } from "@spillway/service";
import { createBelongingTier } from "./commit/belonging-tier.ts";
import type { Committer } from "./commit/committer.ts";
import type { Refusals } from "./refusals.ts";
import { type AskUnowned, createUnownedWatch } from "./unowned.ts";

/** What a shard of the stream, and the outbox as a whole, take at most. */
export type TierLimits = Readonly<
  Record<"backlogEventsMax" | "backlogBytesMax" | "outboxEventsMax" | "outboxBytesMax", number>
>;

type HealthPorts = {
  readonly stream: Tier;
  readonly outbox: Tier;
  readonly belonging: Belonging;
  readonly committer: Pick<Committer, "state">;
  readonly clock: Clock;
  readonly shards: number;
  readonly refusals: Pick<Refusals, "state">;
  readonly limits: TierLimits;
  /** Where there is none, nobody is told of shards without a relay. */
  readonly unowned?: AskUnowned | undefined;
};

/** Probes come from several sides (balancers, dashboards); the backends answer one a second for all of them. */
const KEEP_MS = 1_000;
const DEADLINE_MS = 500;

/** A tier is up for us when it answers, its breaker lets us ask, and it has room. */
const checked = ({ status, warnings, promise }: TierHealth, breakerClosed: boolean, isFull = false): TierHealth => ({
  status: status === "up" && breakerClosed && !isFull ? "up" : "down",
  warnings: isFull ? [...warnings, "full"] : warnings,
  promise,
});

/** `unverified`: Redis does not tell its settings, as Upstash, or nobody answered. */
const durabilityOf = (promise: TierPromise | null): "verified" | "unverified" | "broken" | "mending" => {
  if (promise === null || promise.state === "unknown") return "unverified";
  return promise.state === "kept" ? "verified" : promise.state;
};

/** Whether an event can be made durable now. */
export const createHealth = (ports: HealthPorts) => {
  const { belonging, committer, clock, shards, refusals, limits } = ports;
  const since = createSince(clock);
  const stream = createBelongingTier(ports.stream, belonging);
  const outbox = createBelongingTier(ports.outbox, belonging);
  const unowned = ports.unowned === undefined ? async () => [] : createUnownedWatch(clock, ports.unowned);
  let stopping = false;
  let asked: Promise<[TierHealth, TierHealth]> | null = null;
  let askedAtMs = Number.NEGATIVE_INFINITY;

  const streamHealth = async (): Promise<TierHealth> => {
    const [health, sentences] = await Promise.all([stream.health(DEADLINE_MS), unowned(DEADLINE_MS)]);
    return { ...health, warnings: [...health.warnings, ...sentences] };
  };

  const ask = (): Promise<[TierHealth, TierHealth]> => {
    const nowMs = clock.monotonicMs();
    if (asked === null || nowMs - askedAtMs >= KEEP_MS) {
      askedAtMs = nowMs;
      asked = Promise.all([streamHealth(), outbox.health(DEADLINE_MS)]);
    }
    return asked;
  };

  /** `degraded`: events are made durable, but something is wrong. `down`, `stopping`: send them elsewhere. */
  const statusOf = (
    [stream, outbox]: readonly [TierHealth, TierHealth],
    state: ReturnType<Committer["state"]>,
  ): Status => {
    const { reliance, divertedShards } = state;
    if (stopping) return "stopping";
    if (reliance === "nowhere") return "down";
    const streamUp = stream.status === "up" && reliance === "stream";
    const outboxUp = outbox.status === "up";
    if (!outboxUp && (!streamUp || divertedShards === shards)) return "down";
    const warns = stream.warnings.length + outbox.warnings.length > 0;
    return streamUp && outboxUp && divertedShards === 0 && !warns ? "up" : "degraded";
  };

  return {
    /** Asks both tiers, at most once a second. `diverted_shards` are those whose events go to the outbox, `for_ms` for how long it was found so. */
    readiness: async () => {
      const [streamSaid, outboxSaid] = await ask();
      const state = committer.state();
      const checks = {
        stream: checked(streamSaid, state.stream),
        outbox: checked(outboxSaid, state.outbox, state.outboxFull),
      };
      const status = statusOf([checks.stream, checks.outbox], state);
      return {
        status,
        checks: {
          stream: { ...checks.stream, for_ms: since("stream", checks.stream.status) },
          outbox: { ...checks.outbox, for_ms: since("outbox", checks.outbox.status) },
        },
        durability: durabilityOf(streamSaid.promise),
        events_go_to: state.reliance,
        diverted_shards: state.divertedShards,
        refusals: refusals.state(),
        limits: {
          backlog_events_max: limits.backlogEventsMax,
          backlog_bytes_max: limits.backlogBytesMax,
          outbox_events_max: limits.outboxEventsMax,
          outbox_bytes_max: limits.outboxBytesMax,
        },
      };
    },
    /** From now on the answer is `stopping`: a load balancer takes the edge out before it ends. */
    stop: (): void => {
      stopping = true;
    },
    isStopping: (): boolean => stopping,
  };
};
