import { onWeakRedisChoices } from "@spillway/event";
import { checkPostgresUrl } from "@spillway/postgres/connection-check";
import {
  brokers,
  type Environment,
  environmentSetting,
  hostedShardLimitSettings,
  installationSettings,
  integerOr,
  listenSettings,
  logLevel,
  type MetricsAccess,
  matching,
  metricsAccessOf,
  oneOf,
  optional,
  postgresUrl,
  readSettings,
  readTraceSettings,
  redisUrls,
  type Shown,
  shardLimitSettings,
  token,
  topicName,
  topicRoutes,
  type Values,
  withDefault,
} from "@spillway/service";
import { type KafkaAccess, kafkaAccessOf, kafkaAccessSettings } from "@spillway/service/kafka-access";
import type { TraceSettings } from "@spillway/telemetry";

const MiB = 1024 * 1024;

const settings = {
  ...listenSettings(3_001),
  ...installationSettings(),
  ...shardLimitSettings(),
  ENVIRONMENT: environmentSetting(),
  LOG_LEVEL: logLevel(),
  METRICS_TOKEN: optional(token(16)),
  RELAY_ID: optional(
    matching(/^[\x21-\x7e]{1,128}$/, "1 to 128 printable ASCII characters without a space, another one for each relay"),
  ),
  REDIS_URL: redisUrls(),
  DATABASE_URL: postgresUrl(checkPostgresUrl),
  DATABASE_CONNECTIONS_MAX: integerOr(2, 100, 6),
  LEASE_TTL_MS: integerOr(1_000, 300_000, 5_000),
  IN_FLIGHT_EVENTS_MAX: integerOr(1, 1_000_000, 8_192),
  IN_FLIGHT_BYTES_MAX: integerOr(1_024, 4 * 1_024 * MiB, 16 * MiB),
  DRAIN_EVENTS_MAX: integerOr(1, 10_000, 400),
  ON_WEAK_REDIS: withDefault(oneOf(...onWeakRedisChoices), "outbox"),
  FINISH_MS: integerOr(0, 300_000, 5_000),
  PARK_AFTER_MS: integerOr(100, 86_400_000, 5_000),
  PARKED_EVENTS_MAX: integerOr(1, 1_000_000_000, 1_000_000),
  PARKED_BYTES_MAX: integerOr(1_024, 1_024 * 1_024 * MiB, 1_024 * MiB),
  REFUSED_IN_A_ROW_MAX: integerOr(0, 1_000_000, 16),
  KAFKA_BROKERS: brokers(),
  KAFKA_TOPIC: withDefault(topicName(), "events"),
  KAFKA_TOPIC_ROUTES: topicRoutes(),
  KAFKA_COMPRESSION: optional(oneOf("none", "gzip", "zstd")),
  ...kafkaAccessSettings(),
};

type Variables = Values<typeof settings>;

export type Config = Variables &
  KafkaAccess & {
    readonly metricsAccess: MetricsAccess;
    readonly traces: TraceSettings | null;
    /** As it may be logged. */
    readonly shown: Shown;
  };

/** Reads the configuration from a record such as the environment. Throws `ConfigError`. */
export const readConfig = (env: Environment, readFile: (path: string) => string): Config => {
  const { traces, ...tracing } = readTraceSettings(env);
  const { values, shown } = readSettings({ ...settings, ...hostedShardLimitSettings(env) }, env, tracing.wrong);
  return {
    ...values,
    shown: { ...shown, ...tracing.shown },
    ...kafkaAccessOf(values, readFile),
    metricsAccess: metricsAccessOf(values),
    traces,
  };
};
