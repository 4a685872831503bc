import type { Belonging } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { createManualClock, createMemoryWorld, settledBelonging } from "@spillway/memory";
import { hashSecret } from "@spillway/service";
import { type Log, type Metrics, noMetrics, type Traces } from "@spillway/telemetry";
import { createApp, type EdgeOptions } from "./app.ts";
import { commitDefaults } from "./commit/committer.ts";
import type { Quota } from "./quota/key-quota.ts";
import { createKeyQuotas } from "./quota/key-quotas.ts";

export const KEY = "key-of-the-tests";

/** The whole app on memory tiers, started. */
export const createAppWorld = async (
  options: Partial<EdgeOptions> & {
    readonly backlogEventsMax?: number;
    readonly belonging?: Belonging;
    readonly quotas?: readonly Quota[];
    readonly metrics?: Metrics;
    readonly traces?: Traces;
  } = {},
) => {
  const clock = createManualClock();
  const backlogEventsMax = options.backlogEventsMax ?? 100_000;
  const world = createMemoryWorld({ clock, platform, shards: 4, backlogEventsMax });
  const logged: string[] = [];
  const log: Log = (level, event, fields) => void logged.push(JSON.stringify({ level, event, ...fields }));
  let ids = 0;
  const shown = {
    ...noMetrics,
    expose: async () => ({ text: "metric 1\n", contentType: "text/plain; version=0.0.4" }),
  };
  const metrics = options.metrics ?? shown;
  const edge = createApp(
    {
      stream: world.tier,
      outbox: world.outboxTier,
      accounts: world.ledger,
      schemas: world.schemas,
      sights: world.sights,
      belonging: options.belonging ?? settledBelonging(),
      clock,
      platform,
      random: () => 0.5,
      newId: () => `new-${++ids}`,
      log,
      quotas: createKeyQuotas(options.quotas ?? [], { clock, log, metrics }),
      metrics,
      traces: options.traces,
    },
    {
      ...commitDefaults,
      shards: 4,
      outboxEventsMax: 1_000_000,
      outboxBytesMax: 1024 * 1024 * 1024,
      onWeakRedis: "outbox",
      eventBytesMax: 10_000,
      bodyBytesMax: 40_000,
      bodiesBytesMax: 1_000_000,
      bodyTimeoutMs: 30_000,
      batchEventsMax: 100,
      depthMax: 8,
      dedupWindowSeconds: 600,
      lookupsPerSecond: 20,
      apiKeys: [{ name: "shop", sha256: hashSecret(KEY, platform) }],
      publishableKeys: [],
      corsOrigins: [],
      apiKeySources: [],
      apiKeyDurabilities: [],
      durabilityRoutes: [],
      schemaKeys: [],
      metricsAccess: "open",
      limits: { backlogEventsMax, backlogBytesMax: 1e9, outboxEventsMax: 100_000, outboxBytesMax: 1e9 },
      ...options,
    },
  );
  await edge.committer.start();
  const request = async (path: string, init?: RequestInit) => edge.app.request(path, init);
  return {
    ...edge,
    world,
    clock,
    logged,
    get: request,
    post: (body: BodyInit | null, headers: Readonly<Record<string, string>> = {}, path = "/v1/events") => {
      const ours = { "content-type": "application/json", authorization: `Bearer ${KEY}` };
      // Node wants `duplex` with a stream.
      const init = { method: "POST", body, headers: { ...ours, ...headers }, duplex: "half" };
      return request(path, init);
    },
  };
};

export type AppWorld = Awaited<ReturnType<typeof createAppWorld>>;
