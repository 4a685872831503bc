import { createBelonging, systemClock } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { createAccounts, createOutboxTier, createPostgresInstallation, schemaWarnings } from "@spillway/outbox/tier";
import { openDatabase } from "@spillway/postgres";
import { askKeepers, watchInstallation } from "@spillway/service";
import { openShell } from "@spillway/service/bun";
import { createRestTransport, createStreamTier } from "@spillway/stream/tier";
import { showLimits } from "@spillway/telemetry";
import { openTraces } from "@spillway/telemetry/open-traces";
import { createPrometheusMetrics } from "@spillway/telemetry/prometheus";
import { createApp } from "./app.ts";
import { readConfig } from "./config.ts";
import { createKeyQuotas } from "./quota/key-quotas.ts";
import type { RedisWay } from "./redis-setting.ts";
import { edgeOptionsOf } from "./settings.ts";

/** What requests in hand may take when the edge stops; a body that comes slower is cut, and was not answered. */
const CLOSE_MS = 5_000;
/** How much longer than a body may take a connection is kept on which nothing happens. */
const IDLE_MARGIN_SECONDS = 10;
/** How long Postgres has to say which tables it has. */
const ASK_MS = 1_000;

/** Connects to nothing before the first command. What only TCP needs is loaded for it alone. */
const openRedis = async (way: RedisWay) => {
  if (way.over === "http") return { transport: createRestTransport(way), close: () => undefined };
  const { connectRedis } = await import("@spillway/stream");
  return connectRedis({ url: way.url, connectionName: "spillway-edge" });
};

const shell = openShell("edge", () => readConfig(process.env, platform));
const { config, log, stopping } = shell;

const database = openDatabase({ url: config.DATABASE_URL, connectionsMax: config.DATABASE_CONNECTIONS_MAX });
const metrics = createPrometheusMetrics("edge");
const tracing = await openTraces("edge", config.traces, metrics);
showLimits(metrics, {
  queue: { events: config.QUEUE_EVENTS_MAX, bytes: config.QUEUE_BYTES_MAX },
  outbox: { events: config.OUTBOX_EVENTS_MAX, bytes: config.OUTBOX_BYTES_MAX },
});
const quotas = createKeyQuotas(config.apiKeyQuotas, { clock: systemClock, log, metrics });
const belonging = createBelonging({ namespace: config.NAMESPACE, shards: config.SHARDS });
const redis = await openRedis(config.redis);
log("info", "redis.transport", { over: config.redis.over });
const stream = createStreamTier({
  transport: redis.transport,
  namespace: config.NAMESPACE,
  belonging,
  usage: quotas.exchange,
  limits: {
    dedupWindowSeconds: config.DEDUP_WINDOW_SECONDS,
    backlogEventsMax: config.BACKLOG_EVENTS_MAX,
    backlogBytesMax: config.BACKLOG_BYTES_MAX,
  },
});
const edge = createApp(
  {
    stream,
    outbox: createOutboxTier({ database, shards: config.SHARDS }),
    accounts: createAccounts({ database }),
    belonging,
    unowned: (deadlineMs) => stream.unowned(config.SHARDS, deadlineMs),
    clock: systemClock,
    platform,
    random: Math.random,
    newId: () => Bun.randomUUIDv7(),
    log,
    metrics,
    traces: tracing.traces,
    quotas,
    nextTurn: (then) => void setImmediate(then),
    collectGarbage: () => void Bun.gc(false),
  },
  edgeOptionsOf(config),
);

// One of them may be down now: what the other says is enough to take events there. Both are asked until the end.
const keepers = { belonging, redis: stream.installation, postgres: createPostgresInstallation({ database }) };
await askKeepers(keepers);
void watchInstallation({ ...keepers, clock: systemClock, log }, stopping);
void schemaWarnings(database, ASK_MS).then(([warning]) => warning && log("warn", "database.schema", { warning }));
await edge.committer.start();
// Our own limits come first, in bytes and in time, so that the answer is ours.
const idleSeconds = Math.ceil(config.BODY_TIMEOUT_MS / 1_000) + IDLE_MARGIN_SECONDS;
const server = shell.serve({
  fetch: (request) => edge.app.fetch(request),
  posts: edge.posts,
  bodyBytesMax: Number.MAX_SAFE_INTEGER,
  idleSeconds,
  refusesHosts: true,
});

await shell.untilStopping();
edge.stop();
await systemClock.sleep(config.STOP_DELAY_MS, shell.hurrying);
await shell.end(async () => {
  await server.stop();
  await edge.committer.close();
  await Promise.all([database.close(), tracing.close()]);
  redis.close();
}, CLOSE_MS);
