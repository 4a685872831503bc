import { onWeakRedisChoices } from "@spillway/event";
import { checkPostgresUrl } from "@spillway/postgres/connection-check";
import {
  brokers,
  ConfigError,
  type Environment,
  environmentSetting,
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
  redacted,
  redisUrls,
  type Shown,
  secretText,
  shardLimitSettings,
  token,
  topicName,
  topicRoutes,
  type Values,
  withDefault,
} from "@spillway/service";
import { holdsCertificate, holdsPrivateKey } from "@spillway/service/pem";
import type { TraceSettings } from "@spillway/telemetry";

const MiB = 1024 * 1024;

const file = optional(matching(/./, "the path of a readable PEM file"));

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
  KAFKA_TLS: withDefault(oneOf("off", "on"), "off"),
  KAFKA_TLS_CA_FILE: file,
  KAFKA_TLS_CERT_FILE: file,
  KAFKA_TLS_KEY_FILE: file,
  KAFKA_SASL_MECHANISM: optional(oneOf("plain", "scram-sha-256", "scram-sha-512")),
  KAFKA_SASL_USERNAME: optional(matching(/./, "a user's name")),
  KAFKA_SASL_PASSWORD: optional(secretText("a password")),
};

type Variables = Values<typeof settings>;

/** PEM texts. */
type Tls = { readonly ca?: string; readonly cert?: string; readonly key?: string };
type Sasl = { readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512"; username: string; password: string };

export type Config = Variables & {
  readonly tls: Tls | undefined;
  readonly sasl: Sasl | undefined;
  readonly metricsAccess: MetricsAccess;
  readonly traces: TraceSettings | null;
  /** As it may be logged. */
  readonly shown: Shown;
};

const TLS_FILES = { ca: "KAFKA_TLS_CA_FILE", cert: "KAFKA_TLS_CERT_FILE", key: "KAFKA_TLS_KEY_FILE" } as const;

const textOf = (path: string, readFile: (path: string) => string): string | null => {
  try {
    return readFile(path);
  } catch {
    return null;
  }
};

const tlsOf = (values: Variables, readFile: (path: string) => string): Tls | undefined => {
  const given = Object.values(TLS_FILES).find((name) => values[name] !== undefined);
  if (values.KAFKA_TLS === "off") {
    if (given) throw new ConfigError([`${given}: got a file; accepts nothing unless KAFKA_TLS is on`]);
    return undefined;
  }
  const tls: { ca?: string; cert?: string; key?: string } = {};
  for (const [part, name] of Object.entries(TLS_FILES) as [keyof Tls, keyof Variables][]) {
    const path = values[name];
    if (path === undefined) continue;
    const text = textOf(String(path), readFile);
    if (text === null || !(part === "key" ? holdsPrivateKey(text) : holdsCertificate(text)))
      throw new ConfigError([
        `${name}: got ${JSON.stringify(redacted(String(path)))}; accepts the path of a readable PEM file with a ${part === "key" ? "private key without a passphrase" : "certificate"}`,
      ]);
    tls[part] = text;
  }
  if ((tls.cert === undefined) !== (tls.key === undefined))
    throw new ConfigError(["KAFKA_TLS_CERT_FILE and KAFKA_TLS_KEY_FILE: got one of them; accepts both or none"]);
  return tls;
};

const saslOf = (values: Variables): Sasl | undefined => {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = values;
  if (mechanism === undefined && username === undefined && password === undefined) return undefined;
  if (mechanism !== undefined && username !== undefined && password !== undefined)
    return { mechanism, username, password };
  throw new ConfigError([
    "KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD: got some of them; accepts all or none",
  ]);
};

/** Reads the configuration from a record such as the environment. Throws `ConfigError`. */
export const readConfig = (env: Environment, readFile: (path: string) => string): Config => {
  const { traces, ...tracing } = readTraceSettings(env);
  const { values, shown } = readSettings(settings, env, tracing.wrong);
  return {
    ...values,
    shown: { ...shown, ...tracing.shown },
    tls: tlsOf(values, readFile),
    sasl: saslOf(values),
    metricsAccess: metricsAccessOf(values),
    traces,
  };
};
