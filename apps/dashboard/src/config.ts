import { checkPostgresUrl } from "@spillway/postgres/connection-check";
import {
  brokers,
  type Environment,
  environmentSetting,
  httpUrl,
  installationSettings,
  isLoopback,
  listenSettings,
  listOf,
  logLevel,
  type MetricsAccess,
  matching,
  metricsAccessOf,
  optional,
  password,
  postgresUrl,
  readSettings,
  readTraceSettings,
  redisUrls,
  type Shown,
  shardLimitSettings,
  token,
  type Values,
  withDefault,
} from "@spillway/service";
import { type KafkaAccess, kafkaAccessOf, kafkaAccessSettings } from "@spillway/service/kafka-access";
import type { TraceSettings } from "@spillway/telemetry";
import { type IdentitySettings, identityOf, identityProblems, identitySettings } from "./identity-config.ts";

const settings = {
  ...listenSettings(8_789),
  ...installationSettings(),
  ENVIRONMENT: environmentSetting(),
  LOG_LEVEL: logLevel(),
  /** Of the user `operator`, who may do everything. Without it those get in who are users in Postgres. */
  DASHBOARD_PASSWORD: optional(password(12)),
  REDIS_URL: redisUrls(),
  DATABASE_URL: postgresUrl(checkPostgresUrl),
  EDGE_URL: listOf(httpUrl(), "http or https URLs of the edges, separated by commas"),
  /** Without it nobody says how Kafka is. */
  RELAY_URL: withDefault(listOf(httpUrl(), "http or https URLs of the relays, separated by commas"), []),
  /** Where a proxy has it. */
  BASE_PATH: withDefault(matching(/^(\/[\w.-]+)+$/, "a path such as /ops/spillway, without a slash at its end"), ""),
  METRICS_TOKEN: optional(token(16)),
  /** As the edges have it: for how long an event is known. */
  DEDUP_WINDOW_SECONDS: shardLimitSettings().DEDUP_WINDOW_SECONDS,
  /** Without them nobody says where in Kafka an event is, nor how far consumers are. */
  KAFKA_BROKERS: withDefault(brokers(), []),
  ...kafkaAccessSettings(),
  CONSUMER_GROUPS: withDefault(
    listOf(matching(/^[\w.-]{1,255}$/, "a group's name"), "names of consumer groups, separated by commas"),
    [],
  ),
  ...identitySettings(),
  /** Of the devstack, whose processes `/dev` breaks. */
  DEV_ENV_FILE: optional(matching(/^\/.+/, "the path of the devstack's dev.env, in development on loopback")),
};

export type Config = Values<typeof settings> & {
  /** As it may be logged. */
  readonly shown: Shown;
  readonly kafkaAccess: KafkaAccess;
  readonly metricsAccess: MetricsAccess;
  readonly traces: TraceSettings | null;
  /** Null: nobody but us says who somebody is. */
  readonly identity: IdentitySettings | null;
};

/** Whoever reaches `/dev` freezes processes: nobody may from elsewhere, and never where it is meant. */
const devProblems = ({ DEV_ENV_FILE, ENVIRONMENT, HOST }: Environment): readonly string[] =>
  DEV_ENV_FILE && !(ENVIRONMENT === "development" && isLoopback(HOST || "127.0.0.1"))
    ? ["DEV_ENV_FILE: got something; accepts nothing but in development on loopback"]
    : [];

const unreadable = (): string => {
  throw new Error("there are no files here");
};

/** Reads the configuration from a record such as the environment. Throws `ConfigError`. */
export const readConfig = (environment: Environment, readFile: (path: string) => string = unreadable): Config => {
  const { traces, ...tracing } = readTraceSettings(environment);
  const wrong = [...tracing.wrong, ...identityProblems(environment), ...devProblems(environment)];
  const { values, shown } = readSettings(settings, environment, wrong);
  return {
    ...values,
    identity: identityOf(values),
    shown: { ...shown, ...tracing.shown },
    kafkaAccess: kafkaAccessOf(values, readFile),
    metricsAccess: metricsAccessOf(values),
    traces,
  };
};
