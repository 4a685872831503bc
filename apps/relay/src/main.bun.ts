import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { createDeadLetters } from "@spillway/dead-letters";
import { createBelonging, systemClock } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { topicFor, topicRoutes } from "@spillway/kafka";
import { createKafkajsSink } from "@spillway/kafka/kafkajs";
import {
  createCopies,
  createLedger,
  createOutboxDrain,
  createParking,
  createPostgresInstallation,
  schemaWarnings,
} from "@spillway/outbox";
import { openDatabase } from "@spillway/postgres";
import { showDependencies, tendInstallation } from "@spillway/service";
import { openShell } from "@spillway/service/bun";
import {
  connectRedis,
  createLeases,
  createRedisInstallation,
  createShardStream,
  createStreamInspection,
} from "@spillway/stream";
import { showLimits } from "@spillway/telemetry";
import { openTraces } from "@spillway/telemetry/open-traces";
import { createPrometheusMetrics } from "@spillway/telemetry/prometheus";
import { createApp } from "./app.ts";
import { readConfig } from "./config.ts";
import { createHealth } from "./health.ts";
import { relayDefaults } from "./parts.ts";
import { createRelay } from "./relay.ts";

/** How long Postgres has to say which tables it has. */
const ASK_MS = 1_000;

const shell = openShell("relay", () => {
  const read = readConfig(process.env, (path) => readFileSync(path, "utf8"));
  const owner = read.RELAY_ID ?? `${hostname().replace(/[^\x21-\x7e]/g, "-")}-${crypto.randomUUID().slice(0, 8)}`;
  return { ...read, owner, shown: { ...read.shown, RELAY_ID: owner } };
});
const { config, log, stopping } = shell;
const { owner } = config;

const metrics = createPrometheusMetrics("relay", { exemplars: config.traces !== null });
const tracing = await openTraces("relay", config.traces, metrics);
const redis = connectRedis({ url: config.REDIS_URL.join(), connectionName: `spillway-relay-${owner}` });
const database = openDatabase({ url: config.DATABASE_URL, connectionsMax: config.DATABASE_CONNECTIONS_MAX });
const namespace = config.NAMESPACE;
const ours = { namespace, shards: config.SHARDS };
const belonging = createBelonging(ours);
const limits = {
  dedupWindowSeconds: config.DEDUP_WINDOW_SECONDS,
  backlogEventsMax: config.BACKLOG_EVENTS_MAX,
  backlogBytesMax: config.BACKLOG_BYTES_MAX,
};
showLimits(metrics, {
  backlog: { events: config.BACKLOG_EVENTS_MAX, bytes: config.BACKLOG_BYTES_MAX },
  parked: { events: config.PARKED_EVENTS_MAX, bytes: config.PARKED_BYTES_MAX },
});
const routes = topicRoutes(config.KAFKA_TOPIC, config.KAFKA_TOPIC_ROUTES);
const sink = createKafkajsSink({
  connection: { brokers: config.KAFKA_BROKERS, clientId: `spillway-relay`, tls: config.tls, sasl: config.sasl },
  compression: config.KAFKA_COMPRESSION,
  log,
});

const topicNames = [...new Set(routes.map(({ topic }) => topic))];
const relay = createRelay(
  {
    shardStream: createShardStream({ redis, namespace, belonging, limits }),
    leases: createLeases({ redis, namespace }),
    outboxDrain: createOutboxDrain({ database }),
    copies: createCopies({ database }),
    deadLetters: createDeadLetters({ database }),
    parking: createParking({ database }),
    ledger: createLedger({ database }),
    sink,
    belonging,
    clock: systemClock,
    random: Math.random,
    platform,
    log,
    metrics,
    traces: tracing.traces,
  },
  {
    owner,
    shards: config.SHARDS,
    leaseTtlMs: config.LEASE_TTL_MS,
    inFlightEventsMax: config.IN_FLIGHT_EVENTS_MAX,
    inFlightBytesMax: config.IN_FLIGHT_BYTES_MAX,
    dedupWindowMs: config.DEDUP_WINDOW_SECONDS * 1_000,
    drainEventsMax: config.DRAIN_EVENTS_MAX,
    onWeakRedis: config.ON_WEAK_REDIS,
    ...relayDefaults,
    finishMs: config.FINISH_MS,
    parkAfterMs: config.PARK_AFTER_MS,
    parkedEventsMax: config.PARKED_EVENTS_MAX,
    parkedBytesMax: config.PARKED_BYTES_MAX,
    topicNames,
    refusedInARowMax: config.REFUSED_IN_A_ROW_MAX,
    topicOf: (type) => topicFor(routes, type),
  },
);

const inspection = createStreamInspection(redis, namespace);
const redisWarnings = () =>
  inspection.server().then(
    (server) => server.warnings,
    () => [],
  );
const warnings = async () => (await Promise.all([redisWarnings(), schemaWarnings(database, ASK_MS)])).flat();
void schemaWarnings(database, ASK_MS).then(([warning]) => warning && log("warn", "database.schema", { warning }));
const health = createHealth({
  relay,
  sink,
  belonging,
  clock: systemClock,
  kafka: { brokers: config.KAFKA_BROKERS, topics: topicNames },
  warnings,
  lastingMs: config.LEASE_TTL_MS,
});
showDependencies(metrics, health.readiness);
const app = createApp({ health, metrics, platform }, config.metricsAccess);
const server = shell.serve({ fetch: (request) => app.fetch(request) });
stopping.addEventListener("abort", health.stop);

const keepers = {
  redis: createRedisInstallation(redis.transport, namespace),
  postgres: createPostgresInstallation({ database }),
};
const founder = { ...keepers, belonging, ours, newId: () => Bun.randomUUIDv7(), clock: systemClock, log };
void tendInstallation(founder, stopping);
await relay.run(stopping);
await shell.end(async () => {
  await Promise.allSettled([sink.close(), database.close(), server.stop(), tracing.close()]);
  redis.close();
});
