import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { createDeadLetters } from "@spillway/dead-letters";
import { systemClock } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { topicFor, topicRoutes } from "@spillway/kafka";
import { createLedger, createOutboxDrain, openDatabase } from "@spillway/outbox";
import { agreeOnShards, connectRedis, createLeases, createShardStream, createStreamInspection } from "@spillway/stream";
import { createLog } from "@spillway/telemetry";
import { createPrometheusMetrics } from "@spillway/telemetry/prometheus";
import { untilAgreed, whileAgreed } from "./agreement.ts";
import { createApp } from "./app.ts";
import { type Config, ConfigError, readConfig, shownConfig } from "./config.ts";
import { createHealth } from "./health.ts";
import { createRelay } from "./relay.ts";

/** Sockets that do not close are closed by the end of the process. */
const CLOSE_MS = 1_000;

const configOrExit = (): Config => {
  try {
    return readConfig(process.env, (path) => readFileSync(path, "utf8"));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
};

/** The order of keys would break with another number of shards. */
const exitFor = (reason: string | null): void => {
  if (reason === null) return;
  process.stderr.write(`${reason}\n`);
  process.exit(1);
};

const config = configOrExit();
const owner = config.RELAY_ID ?? `${hostname().replace(/[^\x21-\x7e]/g, "-")}-${crypto.randomUUID().slice(0, 8)}`;
// Whoever reads the log may go away; events go on.
process.stdout.on("error", () => undefined);
const log = createLog("relay", config.LOG_LEVEL, (line) => process.stdout.write(line));
log("info", "config", { ...shownConfig(config), RELAY_ID: owner });

const metrics = createPrometheusMetrics("relay");
const redis = connectRedis({ url: config.REDIS_URL, connectionName: `spillway-relay-${owner}` });
const database = openDatabase({ url: config.DATABASE_URL, connectionsMax: config.DATABASE_CONNECTIONS_MAX });
const namespace = config.NAMESPACE;
const limits = {
  seenWindowSeconds: config.DEDUP_WINDOW_SECONDS,
  backlogEventsMax: config.BACKLOG_EVENTS_MAX,
  backlogBytesMax: config.BACKLOG_BYTES_MAX,
};
const routes = topicRoutes(config.KAFKA_TOPIC, config.KAFKA_TOPIC_ROUTES);
const createSink =
  config.KAFKA_SINK === "kafkajs"
    ? (await import("@spillway/kafka/kafkajs")).createKafkajsSink
    : (await import("@spillway/kafka/platformatic")).createPlatformaticSink;
const sink = createSink({
  connection: { brokers: config.KAFKA_BROKERS, clientId: `spillway-relay`, tls: config.tls, sasl: config.sasl },
  compression: config.KAFKA_COMPRESSION,
  log,
});

const relay = createRelay(
  {
    stream: createShardStream({ redis, namespace, limits }),
    leases: createLeases({ redis, namespace }),
    outbox: createOutboxDrain({ database }),
    deadLetters: createDeadLetters({ database }),
    ledger: createLedger({ database }),
    sink,
    clock: systemClock,
    random: Math.random,
    platform,
    log,
    metrics,
  },
  {
    owner,
    shards: config.SHARDS,
    leaseTtlMs: config.LEASE_TTL_MS,
    inFlightEventsMax: config.IN_FLIGHT_EVENTS_MAX,
    inFlightBytesMax: config.IN_FLIGHT_BYTES_MAX,
    drainEventsMax: config.DRAIN_EVENTS_MAX,
    finishMs: config.FINISH_MS,
    topicOf: (type) => topicFor(routes, type),
  },
);

const inspection = createStreamInspection(redis, namespace);
const warnings = () =>
  inspection.server().then(
    (server) => server.warnings,
    () => [],
  );
const health = createHealth({ relay, sink, clock: systemClock, warnings });
const app = createApp({ health, metrics, platform }, config.metricsAccess);
const server = Bun.serve({
  hostname: config.HOST,
  port: config.PORT,
  development: false,
  // Outside of development Bun would share the port with a second relay that was started by mistake.
  reusePort: false,
  fetch: app.fetch,
});
log("info", "listening", { url: server.url.href });

const stopping = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const)
  process.on(signal, () => {
    if (!stopping.signal.aborted) log("info", "stopping", { signal });
    health.stop();
    stopping.abort();
  });

const agreement = { ask: () => agreeOnShards(redis, namespace, config.SHARDS), clock: systemClock };
exitFor(await untilAgreed(agreement, stopping.signal));
void whileAgreed(agreement, stopping.signal).then(exitFor);
await relay.run(stopping.signal);
await Promise.race([Promise.allSettled([sink.close(), database.close(), server.stop()]), systemClock.sleep(CLOSE_MS)]);
redis.close();
log("info", "stopped");
process.exit(0);
