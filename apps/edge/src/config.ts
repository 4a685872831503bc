import { onWeakRedisChoices, type Platform } from "@spillway/event";
import { checkPostgresUrl } from "@spillway/postgres/connection-check";
import {
  ConfigError,
  type Environment,
  environmentSetting,
  hostedShardLimitSettings,
  installationSettings,
  integerOr,
  listenSettings,
  logLevel,
  matching,
  metricsAccessOf,
  oneOf,
  optional,
  postgresUrl,
  readSettings,
  readTraceSettings,
  secretText,
  shardLimitSettings,
  token,
  type Values,
  withDefault,
} from "@spillway/service";
import { readKeys } from "./auth/keys-settings.ts";
import { commitDefaults } from "./commit/committer.ts";
import { missingRedis, redisSettings, redisWayOf } from "./redis-setting.ts";

const MiB = 1024 * 1024;

/** What the budget of all bodies must hold of the largest one: it, decompressed too, three times over (`body/budget.ts`). */
const BODIES_PER_BODY = 6;

const settings = {
  ...listenSettings(3_000),
  ...installationSettings(),
  ...shardLimitSettings(),
  ENVIRONMENT: environmentSetting(),
  LOG_LEVEL: logLevel(),
  API_KEYS: withDefault(secretText("keys, separated by commas: key, name:key or name:sha256:<64 hex digits>"), ""),
  API_KEY_SOURCES: withDefault(matching(/./, "sources bound to keys, separated by commas: name=source"), ""),
  API_KEY_DURABILITY: withDefault(matching(/./, "durabilities of keys, separated by commas: name=both|may"), ""),
  DURABILITY_ROUTES: withDefault(matching(/./, "durabilities of types, separated by commas: payment.=both"), ""),
  API_KEY_QUOTAS: withDefault(matching(/./, "quotas of keys, separated by commas: name=1000/s or name=5MB/s"), ""),
  PUBLISHABLE_KEYS: withDefault(secretText("keys of pages, separated by commas: name:pk_…"), ""),
  API_KEY_ORIGINS: withDefault(matching(/./, "origins of publishable keys, separated by commas: name=origin"), ""),
  CORS_ORIGINS: withDefault(matching(/./, "origins, separated by commas: https://shop.example"), ""),
  SCHEMA_KEYS: withDefault(matching(/./, "names of keys, separated by commas"), ""),
  METRICS_TOKEN: optional(token(16)),
  ...redisSettings,
  DATABASE_URL: postgresUrl(checkPostgresUrl),
  EVENT_BYTES_MAX: integerOr(1_024, 16 * MiB, MiB),
  BODY_BYTES_MAX: integerOr(1_024, 64 * MiB, 4 * MiB),
  BODIES_BYTES_MAX: integerOr(BODIES_PER_BODY * 1_024, 4_096 * MiB, 64 * MiB),
  BODY_TIMEOUT_MS: integerOr(1_000, 240_000, 30_000),
  BATCH_EVENTS_MAX: integerOr(1, 100_000, 1_000),
  DEPTH_MAX: integerOr(1, 1_000, 64),
  OUTBOX_EVENTS_MAX: integerOr(1, 10_000_000_000, 50_000_000),
  OUTBOX_BYTES_MAX: integerOr(1_024, 1_024 * 1_024 * MiB, 20 * 1_024 * MiB),
  QUEUE_EVENTS_MAX: integerOr(1, 1_000_000, commitDefaults.queueEventsMax),
  QUEUE_BYTES_MAX: integerOr(1_024, 4 * 1_024 * MiB, commitDefaults.queueBytesMax),
  COMMIT_EVENTS_MAX: integerOr(1, 10_000, commitDefaults.commitEventsMax),
  COMMIT_BYTES_MAX: integerOr(1_024, 16 * MiB, commitDefaults.commitBytesMax),
  STREAM_DEADLINE_MS: integerOr(100, 400, commitDefaults.streamDeadlineMs),
  OUTBOX_DEADLINE_MS: integerOr(100, 450, commitDefaults.outboxDeadlineMs),
  DATABASE_CONNECTIONS_MAX: integerOr(2, 100, 6),
  ON_WEAK_REDIS: withDefault(oneOf(...onWeakRedisChoices), "outbox"),
  LOOKUPS_PER_SECOND: integerOr(1, 1_000, 20),
  EDGE_PROCESSES: integerOr(1, 64, 1),
  STOP_DELAY_MS: integerOr(0, 120_000, 12_000),
};

/** A Worker has six connections at once, of which Redis takes one, and what asks the keepers another. */
const withFewSockets = { DATABASE_CONNECTIONS_MAX: integerOr(2, 4, 4) };

/** Rules over several variables, as sentences about what is wrong. */
const contradictions = ({
  EVENT_BYTES_MAX: event,
  BODY_BYTES_MAX: body,
  BODIES_BYTES_MAX: bodies,
}: Values<typeof settings>) => {
  const wrong: string[] = [];
  const least = BODIES_PER_BODY * body;
  if (event > body) wrong.push(`EVENT_BYTES_MAX: got ${event}; accepts at most BODY_BYTES_MAX, ${body}`);
  if (bodies < least)
    wrong.push(`BODIES_BYTES_MAX: got ${bodies}; accepts at least ${BODIES_PER_BODY} times BODY_BYTES_MAX, ${least}`);
  return wrong;
};

/**
 * `public`: a runtime without a bind, which the whole world reaches, and without sockets to a Redis. Whoever develops there does so in
 * public, too: ENVIRONMENT and HOST open nothing.
 */
type Runtime = "binds" | "public";

/** Reads the configuration from a record such as the environment. Throws `ConfigError`. */
export const readConfig = (given: Environment, platform: Platform, runtime: Runtime = "binds") => {
  const env = runtime === "public" ? { ...given, ENVIRONMENT: "production", HOST: "", REDIS_URL: "" } : given;
  const { wrong, ...keys } = readKeys(env, platform);
  const { traces, ...tracing } = readTraceSettings(env);
  const here = { ...settings, ...hostedShardLimitSettings(env) };
  const { values, shown } = readSettings(runtime === "public" ? { ...here, ...withFewSockets } : here, env, [
    ...wrong,
    ...missingRedis(env),
    ...tracing.wrong,
  ]);
  const contradicting = contradictions(values);
  if (contradicting.length > 0) throw new ConfigError(contradicting);
  return {
    ...values,
    shown: { ...shown, ...tracing.shown },
    ...keys,
    redis: redisWayOf(values),
    // No scrape comes to each of a Worker's objects, and prom-client needs node:cluster.
    metricsAccess: runtime === "public" ? ("absent" as const) : metricsAccessOf(values),
    traces,
  };
};

export type Config = ReturnType<typeof readConfig>;
