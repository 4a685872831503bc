import { showSights } from "@spillway/dashboard/sight-metrics.ts";
import { showGroups } from "@spillway/dashboard/sights/group-metrics.ts";
import type { WatchPorts } from "@spillway/dashboard/watch/watch.ts";
import { createAppWorld } from "@spillway/edge/app.fixture.ts";
import { systemClock } from "@spillway/event";
import { createStage } from "@spillway/relay/stage.fixture.ts";
import { showDependencies } from "@spillway/service";
import { createSpanCounts, type Metrics, showLimits } from "@spillway/telemetry";

const quiet = async () => ({ checks: { redis: { status: "up" as const } } });
const limit = { events: 1, bytes: 1 };

/** As each app's main.bun.ts registers its metrics, on memory ports. */
export const apps = {
  edge: async (metrics: Metrics) => {
    createSpanCounts(metrics);
    showLimits(metrics, { queue: limit, outbox: limit });
    return createAppWorld({ metrics, batchEventsMax: 1_000, bodyBytesMax: 400_000 });
  },
  relay: async (metrics: Metrics) => {
    createSpanCounts(metrics);
    showLimits(metrics, { backlog: limit, parked: limit });
    showDependencies(metrics, quiet);
    const stage = createStage();
    stage.start("r1", { metrics });
    return stage;
  },
  dashboard: async (metrics: Metrics) => {
    createSpanCounts(metrics);
    showDependencies(metrics, quiet);
    const byClass = { poison: 0, oversize: 1, rejected: 0, undecodable: 0 };
    const sights = {
      clock: systemClock,
      shards: async () => [{ shard: 0, known: { oldestAgeMs: 1_000, owner: null } }],
      outbox: async () => [],
      parked: async () => [],
      totals: async () => ({ byClass, total: 1, capped: false, oldestAtMs: 0 }),
      groups: async () => ({ groups: [], lags: null }),
    };
    showSights(metrics, sights as unknown as WatchPorts);
    const lag = { group: "billing", topic: "events", records: 1, committed: 1, unknown: null, stillSinceMs: 0 };
    showGroups(metrics, () => ({ groups: ["billing"], lags: [lag] }), systemClock);
  },
};

export type AppName = keyof typeof apps;
export const appNames = Object.keys(apps) as readonly AppName[];
