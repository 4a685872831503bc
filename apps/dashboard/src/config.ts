import { checkPostgresUrl } from "@spillway/postgres/connection-check";
import {
  type Environment,
  environmentSetting,
  httpUrl,
  installationSettings,
  listenSettings,
  listOf,
  logLevel,
  type MetricsAccess,
  metricsAccessOf,
  optional,
  password,
  postgresUrl,
  readSettings,
  readTraceSettings,
  redisUrls,
  type Shown,
  token,
  type Values,
  withDefault,
} from "@spillway/service";
import type { TraceSettings } from "@spillway/telemetry";

const settings = {
  ...listenSettings(8_789),
  ...installationSettings(),
  ENVIRONMENT: environmentSetting(),
  LOG_LEVEL: logLevel(),
  /** Who knows it may see everything and replay. */
  DASHBOARD_PASSWORD: password(12),
  REDIS_URL: redisUrls(),
  DATABASE_URL: postgresUrl(checkPostgresUrl),
  EDGE_URL: listOf(httpUrl(), "http or https URLs of the edges, separated by commas"),
  /** Without it nobody says how Kafka is. */
  RELAY_URL: withDefault(listOf(httpUrl(), "http or https URLs of the relays, separated by commas"), []),
  METRICS_TOKEN: optional(token(16)),
};

export type Config = Values<typeof settings> & {
  /** As it may be logged. */
  readonly shown: Shown;
  readonly metricsAccess: MetricsAccess;
  readonly traces: TraceSettings | null;
};

/** Reads the configuration from a record such as the environment. Throws `ConfigError`. */
export const readConfig = (environment: Environment): Config => {
  const { traces, ...tracing } = readTraceSettings(environment);
  const { values, shown } = readSettings(settings, environment, tracing.wrong);
  return { ...values, shown: { ...shown, ...tracing.shown }, metricsAccess: metricsAccessOf(values), traces };
};
