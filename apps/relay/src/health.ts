import type { Belonging, Clock, Sink } from "@spillway/event";
import { createKept, createSince, type Status } from "@spillway/service";
import type { DependencyName, DependencyState } from "./dependencies.ts";
import type { Relay, RelayState } from "./relay.ts";
import { isForOperators } from "./troubles.ts";

export type Readiness = {
  /** `degraded`: events are relayed, but something is wrong. `down`: nothing is. */
  readonly status: Status;
  readonly relay: string;
  /** `for_ms`: for how long it was found so. `unanswered_ms`: for how long the question under way has had no answer. */
  readonly checks: Readonly<
    Record<DependencyName, DependencyState & { readonly for_ms: number }> &
      Record<"kafka", DependencyState & { readonly for_ms: number; readonly unanswered_ms: number }>
  >;
  /** Where records go. */
  readonly kafka: KafkaPlace;
  readonly shards: RelayState["shards"];
  /** Topics whose events are put aside, since when, why and how many. */
  readonly parked: RelayState["parked"];
  /** What stands still, for how long, and why. */
  readonly troubles: RelayState["troubles"];
  /** Settings, or missing tables, that break a promise. */
  readonly warnings: readonly string[];
};

/** Addresses of brokers, and the names of topics. */
export type KafkaPlace = { readonly brokers: readonly string[]; readonly topics: readonly string[] };

/** Whether events can be relayed now. */
export type Health = {
  /** Asks Kafka at most every two seconds, for as long as half a second; Redis and Postgres say it by themselves. */
  readiness(): Promise<Readiness>;
  /** From now on the answer is `stopping`. */
  stop(): void;
  isStopping(): boolean;
};

export type HealthPorts = {
  readonly relay: Pick<Relay, "state">;
  readonly sink: Pick<Sink, "health">;
  readonly belonging: Pick<Belonging, "refusal" | "sentence">;
  readonly clock: Clock;
  readonly kafka: KafkaPlace;
  /** What settings of the Redis server, or missing tables of Postgres, break; of whom cannot be asked nothing. */
  readonly warnings: () => Promise<readonly string[]>;
  /** What has stood still for so long is wrong, whatever it is; the time of a lease, so that a takeover is not. */
  readonly lastingMs: number;
};

/** Edges ask twice a second what events rest on; here it is for who looks, and each question to a hosted Redis is paid for. */
const WARNINGS_KEPT_MS = 10_000;

const statusOf = (readiness: Omit<Readiness, "status">, lastingMs: number): Status => {
  const { checks, shards, troubles, warnings } = readiness;
  if (checks.redis.status !== "up" || checks.kafka.status !== "up") return "down";
  const still = shards.filter(({ stillMs }) => stillMs >= lastingMs);
  const waiting = shards.filter(({ stillMs, entries }) => stillMs > 0 || entries > 0);
  if (still.length > 0 && still.length === waiting.length) return "down";
  const lasting = troubles.some(({ state, forMs }) => isForOperators(state) || forMs >= lastingMs);
  const isSound = checks.postgres.status === "up" && warnings.length === 0;
  return isSound && still.length === 0 && !lasting ? "up" : "degraded";
};

export const createHealth = ({
  relay,
  sink,
  belonging,
  clock,
  kafka: place,
  warnings,
  lastingMs,
}: HealthPorts): Health => {
  let stopping = false;
  const since = createSince(clock);
  const lasting = (name: string, state: DependencyState) => ({ ...state, for_ms: since(name, state.status) });
  let askedKafkaAtMs: number | null = null;
  const askKafka = async (): Promise<DependencyState> => {
    askedKafkaAtMs = clock.monotonicMs();
    try {
      return await sink.health();
    } finally {
      askedKafkaAtMs = null;
    }
  };
  const kafka = createKept<DependencyState>(clock, { initial: { status: "unknown" }, ask: askKafka });
  const warned = createKept<readonly string[]>(clock, { initial: [], ask: warnings, keepMs: WARNINGS_KEPT_MS });
  const foreign = (): readonly string[] => {
    const sentences = [belonging.sentence("redis"), belonging.sentence("postgres")];
    return [...new Set(sentences.filter((sentence) => sentence !== null))];
  };
  return {
    readiness: async () => {
      const [kafkaState, found] = await Promise.all([kafka(), warned()]);
      const state = relay.state();
      const readiness = {
        relay: state.owner,
        checks: {
          redis: lasting("redis", state.dependencies.redis),
          postgres: lasting("postgres", state.dependencies.postgres),
          kafka: {
            ...lasting("kafka", kafkaState),
            unanswered_ms: askedKafkaAtMs === null ? 0 : clock.monotonicMs() - askedKafkaAtMs,
          },
        },
        kafka: place,
        shards: state.shards,
        parked: state.parked,
        troubles: state.troubles,
        warnings: [...foreign(), ...found],
      };
      const status = belonging.refusal("redis") === null ? statusOf(readiness, lastingMs) : "down";
      return { status: stopping ? "stopping" : status, ...readiness };
    },
    stop: () => {
      stopping = true;
    },
    isStopping: () => stopping,
  };
};
