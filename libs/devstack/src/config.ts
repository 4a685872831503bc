import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { checkPostgresUrl } from "@spillway/postgres/connection-check";
import {
  brokers,
  ConfigError,
  type Environment,
  httpUrl,
  matching,
  oneOf,
  optional,
  postgresUrl,
  readSettings,
  redisUrls,
  token,
  topicName,
  type Values,
  withDefault,
} from "@spillway/service";

export const REPO_ROOT = fileURLToPath(new URL("../../..", import.meta.url));

const settings = {
  /** Folder of everything the stack keeps. */
  SPILLWAY_DIR: withDefault(matching(/./, "the path of a folder"), ".spillway"),
  /** Whether an app is started again when its sources change; never under npm start. */
  SPILLWAY_WATCH: withDefault(oneOf("on", "off"), "on"),
  /** How the edge reaches Redis; with `tcp` no REST server is started. */
  EDGE_REDIS_OVER: withDefault(oneOf("http", "tcp"), "http"),
  /** Services that somebody else runs; those that are absent are started here. */
  REDIS_URL: optional(redisUrls()),
  UPSTASH_REDIS_REST_URL: optional(httpUrl()),
  UPSTASH_REDIS_REST_TOKEN: optional(token(1)),
  DATABASE_URL: optional(postgresUrl(checkPostgresUrl)),
  KAFKA_BROKERS: optional(brokers()),
  KAFKA_TOPIC: withDefault(topicName(), "spillway.events"),
  /** Of the relay; with none what arrives can be read with any client, kafkajs knows gzip alone. */
  KAFKA_COMPRESSION: withDefault(oneOf("none", "gzip", "zstd"), "none"),
  /** Of the apps, which inherit it; who observes them needs it. */
  METRICS_TOKEN: optional(token(16)),
};

const redisRestOf = (values: Values<typeof settings>) => {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: secret, REDIS_URL } = values;
  if (url === undefined) return undefined;
  if (secret === undefined)
    throw new ConfigError(["UPSTASH_REDIS_REST_TOKEN: got nothing; UPSTASH_REDIS_REST_URL needs its token"]);
  if (REDIS_URL === undefined)
    throw new ConfigError(["REDIS_URL: got nothing; UPSTASH_REDIS_REST_URL needs the same Redis's redis:// address"]);
  return { url, token: secret };
};

/** Throws ConfigError. */
export const readConfig = (environment: Environment = process.env) => {
  const { values } = readSettings(settings, environment);
  return {
    root: resolve(REPO_ROOT, values.SPILLWAY_DIR),
    edgeRedisOver: values.EDGE_REDIS_OVER,
    redisUrl: values.REDIS_URL?.join(),
    redisRest: redisRestOf(values),
    databaseUrl: values.DATABASE_URL,
    kafkaBrokers: values.KAFKA_BROKERS?.join(),
    kafkaTopic: values.KAFKA_TOPIC,
    kafkaCompression: values.KAFKA_COMPRESSION,
    metricsToken: values.METRICS_TOKEN ?? "",
    watchesSources: values.SPILLWAY_WATCH === "on",
  };
};

export type DevstackConfig = ReturnType<typeof readConfig>;

const observeSettings = {
  SPILLWAY_DIR: settings.SPILLWAY_DIR,
  /** The program of Grafana, when it is not on the PATH. */
  GRAFANA_BIN: optional(matching(/^\//, "the full path of a program")),
};

/** Of `npm run observe`. Throws ConfigError. */
export const readObserveConfig = (environment: Environment = process.env) => {
  const { values } = readSettings(observeSettings, environment);
  return { root: resolve(REPO_ROOT, values.SPILLWAY_DIR), grafanaBin: values.GRAFANA_BIN };
};
