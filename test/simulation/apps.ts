import {
  type Committer,
  type CommitterOptions,
  type CommitterPorts,
  commitDefaults,
  createCommitter,
} from "@spillway/edge/commit/committer.ts";
import { type Belonging, createBelonging } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import type { RelayOptions } from "@spillway/relay/parts.ts";
import type { RelayPorts } from "@spillway/relay/ports.ts";
import { createRelay, type Relay } from "@spillway/relay/relay.ts";
import { askKeepers, tendInstallation, watchInstallation } from "@spillway/service";
import { noMetrics, silentLog } from "@spillway/telemetry";
import type { EdgePorts, Keepers } from "./backends.ts";
import { topicOf, topics } from "./events.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";

/** Of the one Spillway that there is. */
export const NAMESPACE = "simulated";

/** Settings of production code, small enough that a dozen events reach every limit. Drawn once per seed. */
export type Settings = {
  readonly shards: number;
  readonly edge: CommitterOptions;
  readonly relay: Omit<RelayOptions, "owner">;
};

export const createSettings = (random: Random): Settings => {
  const shards = random.pick([1, 2, 2, 3]);
  const leaseTtlMs = random.pick([600, 1_000, 2_000]);
  return {
    shards,
    edge: {
      ...commitDefaults,
      shards,
      commitEventsMax: random.pick([1, 2, 5, 400]),
      outboxEventsMax: random.pick([8, 1_000, 1_000]),
      outboxBytesMax: 1_000_000,
      onWeakRedis: "outbox",
    },
    relay: {
      shards,
      leaseTtlMs,
      inFlightEventsMax: random.pick([2, 10, 1_000]),
      drainEventsMax: random.pick([1, 3, 400]),
      dedupWindowMs: 3_600_000,
      inFlightBytesMax: 1_000_000,
      onWeakRedis: "outbox",
      finishMs: 300,
      givenUpForMs: leaseTtlMs / 4,
      refusedInARowMax: 1,
      parkAfterMs: leaseTtlMs / 4,
      parkedEventsMax: 1_000,
      parkedBytesMax: 1_000_000,
      topicNames: Object.keys(topics),
      topicOf,
    },
  };
};

const surroundings = (process: Process, random: Random) => ({
  clock: process.clock,
  platform,
  random: random.fork().next,
  log: silentLog,
  metrics: noMetrics,
});

/** Boots the edge's production code, from its commits downwards. */
export const bootEdge = async (
  process: Process,
  ports: EdgePorts & Pick<CommitterPorts, "metrics">,
  belonging: Belonging,
  settings: Settings["edge"],
  random: Random,
) => {
  const around = { ...surroundings(process, random), ...ports, belonging };
  const committer: Committer = createCommitter(around, settings);
  await askKeepers(around);
  void watchInstallation(around, new AbortController().signal);
  await committer.start();
  return committer;
};

export type RunningRelay = {
  readonly relay: Relay;
  /** Stops it as SIGTERM does; `ended` resolves when it has finished. */
  terminate(): void;
  readonly ended: Promise<void>;
};

/** Boots the relay's production code, all of it. */
export const bootRelay = (
  process: Process,
  ports: RelayPorts & Keepers,
  owner: string,
  relaySettings: Settings["relay"],
  random: Random,
): RunningRelay => {
  const ours = { namespace: NAMESPACE, shards: relaySettings.shards };
  const around = { ...ports, ...surroundings(process, random), belonging: createBelonging(ours) };
  const relay = createRelay(around, { ...relaySettings, owner });
  const stop = new AbortController();
  void tendInstallation({ ...around, ours, newId: () => owner }, stop.signal);
  return { relay, terminate: () => stop.abort(), ended: relay.run(stop.signal) };
};
