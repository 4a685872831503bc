import type { Platform } from "@spillway/event";
import { checkPostgresUrl } from "@spillway/postgres/connection-check";
import {
  ConfigError,
  type Environment,
  environmentSetting,
  httpUrl,
  installationSettings,
  integerOr,
  isLoopback,
  listenSettings,
  logLevel,
  type MetricsAccess,
  matching,
  metricsAccessOf,
  optional,
  postgresUrl,
  readSettings,
  type Shown,
  secretText,
  shardLimitSettings,
  token,
  type Values,
  withDefault,
} from "@spillway/service";
import type { ApiKey } from "./auth/api-key.ts";
import { parseApiKeys } from "./auth/api-keys-setting.ts";
import type { BoundSource } from "./auth/key-sources.ts";
import { parseKeySources } from "./auth/key-sources-setting.ts";
import { commitDefaults } from "./commit/committer.ts";

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
  METRICS_TOKEN: optional(token(16)),
  UPSTASH_REDIS_REST_URL: httpUrl(),
  UPSTASH_REDIS_REST_TOKEN: token(1),
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
  STOP_DELAY_MS: integerOr(0, 60_000, 300),
};

type Variables = Values<typeof settings>;

export type Config = Variables & {
  readonly apiKeys: readonly ApiKey[];
  readonly apiKeySources: readonly BoundSource[];
  readonly metricsAccess: MetricsAccess;
  /** As it may be logged. */
  readonly shown: Shown;
};

type Keys = {
  readonly apiKeys: readonly ApiKey[];
  readonly apiKeySources: readonly BoundSource[];
  readonly wrong: readonly string[];
};

/** Looks at the environment itself, so that what is wrong with the keys is said with all the rest. */
const keysOf = (env: Environment, platform: Platform): Keys => {
  const isDevelopment = env.ENVIRONMENT === "development";
  const keys = parseApiKeys(env.API_KEYS ?? "", !isDevelopment, platform);
  if (keys.kind === "invalid")
    return { apiKeys: [], apiKeySources: [], wrong: [`API_KEYS: entry ${keys.entry + 1} ${keys.reason}`] };
  const wrong: string[] = [];
  if (keys.keys.length === 0 && !(isDevelopment && isLoopback(env.HOST || "127.0.0.1")))
    wrong.push("API_KEYS: got nothing; accepts that only where ENVIRONMENT is development and HOST a loopback address");
  const sources = parseKeySources(env.API_KEY_SOURCES ?? "", new Set(keys.keys.map(({ name }) => name)));
  if (sources.kind === "ok") return { apiKeys: keys.keys, apiKeySources: sources.bound, wrong };
  wrong.push(`API_KEY_SOURCES: entry ${sources.entry + 1} ${sources.reason}`);
  return { apiKeys: keys.keys, apiKeySources: [], wrong };
};

/** Rules over several variables, as sentences about what is wrong. */
const contradictions = (values: Variables): readonly string[] => {
  const wrong: string[] = [];
  if (values.EVENT_BYTES_MAX > values.BODY_BYTES_MAX)
    wrong.push(
      `EVENT_BYTES_MAX: got ${values.EVENT_BYTES_MAX}; accepts at most BODY_BYTES_MAX, ${values.BODY_BYTES_MAX}`,
    );
  const bodiesBytesMin = BODIES_PER_BODY * values.BODY_BYTES_MAX;
  if (values.BODIES_BYTES_MAX < bodiesBytesMin)
    wrong.push(
      `BODIES_BYTES_MAX: got ${values.BODIES_BYTES_MAX}; accepts at least ${BODIES_PER_BODY} times BODY_BYTES_MAX, ${bodiesBytesMin}`,
    );
  return wrong;
};

/** Reads the configuration from a record such as the environment. Throws `ConfigError`. */
export const readConfig = (env: Environment, platform: Platform): Config => {
  const { apiKeys, apiKeySources, wrong } = keysOf(env, platform);
  const { values, shown } = readSettings(settings, env, wrong);
  const contradicting = contradictions(values);
  if (contradicting.length > 0) throw new ConfigError(contradicting);
  return { ...values, shown, apiKeys, apiKeySources, metricsAccess: metricsAccessOf(values) };
};
