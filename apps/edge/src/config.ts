import type { Platform } from "@spillway/event";
import { z } from "zod";
import { type ApiKey, hashKey } from "./auth/api-key.ts";
import { parseApiKeys } from "./auth/api-keys-setting.ts";
import type { BoundSource } from "./auth/key-sources.ts";
import { parseKeySources } from "./auth/key-sources-setting.ts";
import { commitDefaults } from "./commit/committer.ts";

/** A setting that cannot be used. The message names the variable, what it got (of a secret: its length) and what it accepts. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "ConfigError";
  }
}

const MiB = 1024 * 1024;

/** Variables whose value is never shown. */
const secrets: ReadonlySet<string> = new Set(["API_KEYS", "DATABASE_URL", "METRICS_TOKEN", "UPSTASH_REDIS_REST_TOKEN"]);

const integer = (min: number, max: number, initial: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .default(initial)
    .describe(`an integer from ${min} to ${max}`);

const url = (protocols: RegExp, accepts: string) =>
  z
    .string()
    .refine((text) => URL.canParse(text) && protocols.test(new URL(text).protocol))
    .describe(accepts);

const variables = z.object({
  HOST: z.string().regex(/^\S+$/).default("127.0.0.1").describe("a host name or address to bind to"),
  PORT: integer(0, 65_535, 3_000),
  ENVIRONMENT: z.enum(["development", "production"]).default("production").describe("development or production"),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info").describe("debug, info, warn or error"),
  API_KEYS: z.string().default("").describe("keys, separated by commas: key, name:key or name:sha256:<64 hex digits>"),
  API_KEY_SOURCES: z.string().default("").describe("sources bound to keys, separated by commas: name=source"),
  METRICS_TOKEN: z.string().min(16).optional().describe("at least 16 characters"),
  UPSTASH_REDIS_REST_URL: url(/^https?:$/, "an http or https URL"),
  UPSTASH_REDIS_REST_TOKEN: z.string().describe("a token"),
  DATABASE_URL: url(/^postgres(ql)?:$/, "a URL as postgres://user:password@host:port/database"),
  NAMESPACE: z
    .string()
    .regex(/^[\w.:-]{1,64}$/)
    .default("spillway")
    .describe("1 to 64 of letters, digits and _ . : -"),
  SHARDS: integer(1, 1_024, 4),
  EVENT_BYTES_MAX: integer(1_024, 16 * MiB, MiB),
  BODY_BYTES_MAX: integer(1_024, 64 * MiB, 4 * MiB),
  BATCH_EVENTS_MAX: integer(1, 100_000, 1_000),
  DEPTH_MAX: integer(1, 1_000, 64),
  DEDUP_WINDOW_SECONDS: integer(1, 30 * 86_400, 3_600),
  BACKLOG_EVENTS_MAX: integer(1, 1_000_000_000, 1_000_000),
  BACKLOG_BYTES_MAX: integer(1_024, 1_024 * 1_024 * MiB, 256 * MiB),
  OUTBOX_EVENTS_MAX: integer(1, 10_000_000_000, 50_000_000),
  OUTBOX_BYTES_MAX: integer(1_024, 1_024 * 1_024 * MiB, 20 * 1_024 * MiB),
  QUEUE_EVENTS_MAX: integer(1, 1_000_000, commitDefaults.queueEventsMax),
  QUEUE_BYTES_MAX: integer(1_024, 4 * 1_024 * MiB, commitDefaults.queueBytesMax),
  COMMIT_EVENTS_MAX: integer(1, 10_000, commitDefaults.commitEventsMax),
  COMMIT_BYTES_MAX: integer(1_024, 16 * MiB, commitDefaults.commitBytesMax),
  STREAM_DEADLINE_MS: integer(100, 400, commitDefaults.streamDeadlineMs),
  OUTBOX_DEADLINE_MS: integer(100, 450, commitDefaults.outboxDeadlineMs),
  DATABASE_CONNECTIONS_MAX: integer(2, 100, 6),
  SHUTDOWN_DELAY_MS: integer(0, 60_000, 300),
});

type Variables = z.infer<typeof variables>;

export type Config = Variables & {
  readonly apiKeys: readonly ApiKey[];
  readonly apiKeySources: readonly BoundSource[];
  /** Who may read `/metrics`. */
  readonly metricsAccess: "open" | "closed" | ApiKey;
};

const shown = (name: string, value: string | undefined): string => {
  if (value === undefined) return "nothing";
  return secrets.has(name) ? `a value of ${value.length} characters` : JSON.stringify(value);
};

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/;

/** Rules over several variables, as sentences about what is wrong. */
const contradictions = (values: Variables, keys: readonly ApiKey[]): readonly string[] => {
  const wrong: string[] = [];
  const open = values.ENVIRONMENT === "development" && loopback.test(values.HOST);
  if (keys.length === 0 && !open)
    wrong.push("API_KEYS: got no key; without one ENVIRONMENT must be development and HOST a loopback address");
  if (values.EVENT_BYTES_MAX > values.BODY_BYTES_MAX)
    wrong.push(
      `EVENT_BYTES_MAX: got ${values.EVENT_BYTES_MAX}; accepts at most BODY_BYTES_MAX, ${values.BODY_BYTES_MAX}`,
    );
  return wrong;
};

const metricsAccessOf = (values: Variables, platform: Platform): Config["metricsAccess"] => {
  if (values.METRICS_TOKEN !== undefined) return { name: "metrics", sha256: hashKey(values.METRICS_TOKEN, platform) };
  return loopback.test(values.HOST) ? "open" : "closed";
};

/** Reads the configuration from a record such as the environment; an empty string counts as absent. Throws `ConfigError`. */
export const readConfig = (env: Readonly<Record<string, string | undefined>>, platform: Platform): Config => {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = variables.safeParse(given);
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map((issue) => String(issue.path[0])));
    throw new ConfigError(
      [...names].map((name) => {
        const { description } = variables.shape[name as keyof Variables];
        return `${name}: got ${shown(name, given[name])}; accepts ${description}`;
      }),
    );
  }
  const values = parsed.data;
  const keys = parseApiKeys(values.API_KEYS, values.ENVIRONMENT === "production", platform);
  if (keys.kind === "invalid") throw new ConfigError([`API_KEYS: entry ${keys.entry + 1} ${keys.reason}`]);
  const sources = parseKeySources(values.API_KEY_SOURCES, new Set(keys.keys.map(({ name }) => name)));
  if (sources.kind === "invalid")
    throw new ConfigError([`API_KEY_SOURCES: entry ${sources.entry + 1} ${sources.reason}`]);
  const wrong = contradictions(values, keys.keys);
  if (wrong.length > 0) throw new ConfigError(wrong);
  return {
    ...values,
    apiKeys: keys.keys,
    apiKeySources: sources.bound,
    metricsAccess: metricsAccessOf(values, platform),
  };
};

/** The configuration as it may be logged. */
export const shownConfig = (config: Config): Readonly<Record<string, string | number>> => {
  const fields: Record<string, string | number> = {};
  for (const name of Object.keys(variables.shape) as (keyof Variables)[]) {
    const value = config[name];
    if (secrets.has(name)) fields[name] = value === undefined || value === "" ? "absent" : "configured";
    else if (typeof value === "number") fields[name] = value;
    else fields[name] = String(value);
  }
  return fields;
};
