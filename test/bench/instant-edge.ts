/*
 * The edge on a stream that answers at once and keeps nothing: what of a rate is the tier's, and what our own. Everything
 * else, its server, its limits and its accounts, is as in production.
 */
import { createApp } from "@spillway/edge/app.ts";
import { readConfig } from "@spillway/edge/config.ts";
import { createKeyQuotas } from "@spillway/edge/quota/key-quotas.ts";
import { edgeOptionsOf } from "@spillway/edge/settings.ts";
import { type Appended, createUuid7, type StreamTier, systemClock } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { createMemoryWorld, settledBelonging } from "@spillway/memory";
import { openShell } from "@spillway/service/bun";
import { createPrometheusMetrics } from "@spillway/telemetry/prometheus";

const CLOSE_MS = 1_000;

const { config, log, ...shell } = openShell("edge", () => readConfig(process.env, platform));
const clock = systemClock;
const world = createMemoryWorld({ clock, platform, shards: config.SHARDS, backlogEventsMax: 1 });

const stream: StreamTier = {
  ...world.tier,
  append: async (chunks) =>
    chunks.map(
      ({ events, from }): Appended => ({
        kind: "ok",
        duplicates: [],
        totals: from ? [[from.writer, from.floor + events]] : [],
      }),
    ),
};
const metrics = createPrometheusMetrics("edge");
const edge = createApp(
  {
    stream,
    outbox: world.outboxTier,
    accounts: world.ledger,
    schemas: world.schemas,
    sights: world.sights,
    belonging: settledBelonging(),
    clock,
    platform,
    random: Math.random,
    newId: createUuid7(clock.wallMs, (bytes) => void crypto.getRandomValues(bytes)),
    log,
    metrics,
    quotas: createKeyQuotas(config.apiKeyQuotas, { clock, log, metrics }),
    nextTurn: (then) => void setImmediate(then),
  },
  edgeOptionsOf(config),
);
await edge.committer.start();
const server = await shell.serve({
  fetch: (request) => edge.app.fetch(request),
  posts: edge.posts,
  bodyBytesMax: Number.MAX_SAFE_INTEGER,
  idleSeconds: 60,
  refusesHosts: true,
});
await shell.untilStopping();
edge.stop();
await shell.end(async () => {
  await server.stop();
  await edge.committer.close();
}, CLOSE_MS);
