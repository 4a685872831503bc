import { createDeadLetters } from "@spillway/dead-letters";
import { type Clock, createBelonging, createUuid7, type Platform } from "@spillway/event";
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
import { isUpstash, tendInstallation } from "@spillway/service";
import {
  connectRedis,
  createLeases,
  createRedisInstallation,
  createShardStream,
  createStreamInspection,
  type RedisServer,
} from "@spillway/stream";
import { type Log, type Metrics, showLimits, type Traces } from "@spillway/telemetry";
import type { Config } from "./config.ts";
import { createHealth, type Health } from "./health.ts";
import { watchKafka } from "./kafka-watch.ts";
import { type RelayOptions, relayDefaults } from "./parts.ts";
import { createRelay } from "./relay.ts";

/** How long Postgres has to say which tables it has. */
const ASK_MS = 1_000;

/** The configuration, with a name that no other relay has. */
export type OwnConfig = Config & { readonly owner: string };

export type Surroundings = {
  readonly clock: Clock;
  readonly platform: Platform;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly traces?: Traces;
};

export type ComposedRelay = {
  readonly health: Health;
  /** Until `stopping` aborts and what is in hand is finished. */
  run(stopping: AbortSignal): Promise<void>;
  close(): Promise<void>;
};

/** The configuration in the words of the relay. */
const optionsOf = (config: OwnConfig): RelayOptions => {
  const routes = topicRoutes(config.KAFKA_TOPIC, config.KAFKA_TOPIC_ROUTES);
  return {
    owner: config.owner,
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
    topicNames: [...new Set(routes.map(({ topic }) => topic))],
    refusedInARowMax: config.REFUSED_IN_A_ROW_MAX,
    topicOf: (type) => topicFor(routes, type),
  };
};

const sinkOf = (config: OwnConfig, log: Log) =>
  createKafkajsSink({
    connection: { brokers: config.KAFKA_BROKERS, clientId: `spillway-relay`, tls: config.tls, sasl: config.sasl },
    compression: config.KAFKA_COMPRESSION,
    log,
  });

const redisWarnings = async (redis: RedisServer, namespace: string): Promise<readonly string[]> =>
  createStreamInspection(redis, namespace)
    .server()
    .then(
      (server) => server.warnings,
      () => [],
    );

const showRelayLimits = (metrics: Metrics, config: OwnConfig): void =>
  showLimits(metrics, {
    backlog: { events: config.BACKLOG_EVENTS_MAX, bytes: config.BACKLOG_BYTES_MAX },
    parked: { events: config.PARKED_EVENTS_MAX, bytes: config.PARKED_BYTES_MAX },
  });

/** A relay from its configuration, on whatever runtime has sockets. Connects to nothing before `run`. */
export const compose = (config: OwnConfig, surroundings: Surroundings): ComposedRelay => {
  const { clock, log, metrics } = surroundings;
  const { NAMESPACE: namespace, SHARDS: shards } = config;
  const redis = connectRedis({
    url: config.REDIS_URL.join(),
    isHosted: config.REDIS_URL.some(isUpstash),
    connectionName: `spillway-relay-${config.owner}`,
  });
  const database = openDatabase({ url: config.DATABASE_URL, connectionsMax: config.DATABASE_CONNECTIONS_MAX });
  const ours = { namespace, shards };
  const belonging = createBelonging(ours);
  const limits = {
    dedupWindowSeconds: config.DEDUP_WINDOW_SECONDS,
    backlogEventsMax: config.BACKLOG_EVENTS_MAX,
    backlogBytesMax: config.BACKLOG_BYTES_MAX,
  };
  showRelayLimits(metrics, config);
  const sink = sinkOf(config, log);
  const options = optionsOf(config);
  const relay = createRelay(
    {
      ...surroundings,
      shardStream: createShardStream({ redis, namespace, belonging, limits }),
      leases: createLeases({ redis, namespace }),
      outboxDrain: createOutboxDrain({ database }),
      copies: createCopies({ database }),
      deadLetters: createDeadLetters({ database }),
      parking: createParking({ database }),
      ledger: createLedger({ database }),
      sink,
      belonging,
      random: Math.random,
    },
    options,
  );
  const warnings = async () =>
    (await Promise.all([redisWarnings(redis, namespace), schemaWarnings(database, ASK_MS)])).flat();
  const founder = {
    redis: createRedisInstallation(redis.transport, namespace),
    postgres: createPostgresInstallation({ database }),
    belonging,
    ours,
    newId: createUuid7(clock.wallMs, (bytes) => void crypto.getRandomValues(bytes)),
  };
  const kafka = { brokers: config.KAFKA_BROKERS, topics: options.topicNames };
  return {
    health: createHealth({ relay, sink, belonging, clock, kafka, warnings, lastingMs: config.LEASE_TTL_MS }),
    async run(stopping) {
      void schemaWarnings(database, ASK_MS).then(([warning]) => warning && log("warn", "database.schema", { warning }));
      void tendInstallation({ ...founder, clock, log }, stopping);
      void watchKafka(sink, { clock, log }, stopping);
      await relay.run(stopping);
    },
    async close() {
      await Promise.allSettled([sink.close(), database.close()]);
      redis.close();
    },
  };
};
