import type { Clock, Sink } from "@spillway/event";
import { createKept, type Status } from "@spillway/service";
import type { DependencyState } from "./dependencies.ts";
import type { Relay, RelayState } from "./relay.ts";

type Check = { readonly status: "unknown" | "up" | "down"; readonly code?: string };

export type Readiness = {
  /** `degraded`: events are relayed, but something is wrong. `down`: nothing is. */
  readonly status: Status;
  readonly relay: string;
  readonly checks: { readonly redis: Check; readonly postgres: Check; readonly kafka: Check };
  readonly shards: RelayState["shards"];
  /** Partitions that stand still, and why. */
  readonly troubles: RelayState["troubles"];
  /** Settings that break a promise. */
  readonly warnings: readonly string[];
};

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
  readonly clock: Clock;
  /** What the Redis server's settings break; empty when it cannot be asked. */
  readonly warnings: () => Promise<readonly string[]>;
};

const KEEP_MS = 2_000;
const DEADLINE_MS = 500;

const statusOf = (checks: Readiness["checks"], state: RelayState, warnings: readonly string[]): Status => {
  if (checks.redis.status !== "up" || checks.kafka.status !== "up") return "down";
  const paused = state.troubles.some(({ state: trouble }) => trouble !== "retrying");
  return checks.postgres.status !== "up" || paused || warnings.length > 0 ? "degraded" : "up";
};

export const createHealth = ({ relay, sink, clock, warnings }: HealthPorts): Health => {
  let stopping = false;
  const times = { keepMs: KEEP_MS, deadlineMs: DEADLINE_MS };
  const kafka = createKept<DependencyState>(clock, {
    ...times,
    initial: { status: "unknown" },
    ask: () => sink.health(),
  });
  const warned = createKept<readonly string[]>(clock, { ...times, initial: [], ask: warnings });
  return {
    readiness: async () => {
      const [kafkaState, found] = await Promise.all([kafka(), warned()]);
      const state = relay.state();
      const checks = { ...state.dependencies, kafka: kafkaState };
      return {
        status: stopping ? "stopping" : statusOf(checks, state, found),
        relay: state.owner,
        checks,
        shards: state.shards,
        troubles: state.troubles,
        warnings: found,
      };
    },
    stop: () => {
      stopping = true;
    },
    isStopping: () => stopping,
  };
};
