import { z } from "zod";

/** A setting that cannot be used. The message names the variable, what it got (of a secret: its length) and what it accepts. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "ConfigError";
  }
}

const MiB = 1024 * 1024;

/** Variables whose value is never shown. */
const secrets: ReadonlySet<string> = new Set(["DATABASE_URL", "KAFKA_SASL_PASSWORD", "METRICS_TOKEN", "REDIS_URL"]);

const integer = (min: number, max: number, initial: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .default(initial)
    .describe(`an integer from ${min} to ${max}`);

const hasProtocol = (text: string, protocols: RegExp): boolean =>
  URL.canParse(text) && protocols.test(new URL(text).protocol);

const list = (text: string): string[] => text.split(",").map((part) => part.trim());

/** What a broker accepts as a topic's name. */
const topicName = /^(?!\.{1,2}$)[\w.-]{1,249}$/;
const broker = /^[^\s:/,]+:\d{1,5}$/;
const route = /^[^\s=,]{1,255}=([\w.-]{1,249})$/;

type TopicRoute = { readonly prefix: string; readonly topic: string };

const routeOf = (text: string): TopicRoute => {
  const at = text.lastIndexOf("=");
  return { prefix: text.slice(0, at), topic: text.slice(at + 1) };
};

const routes = z
  .string()
  .default("")
  .transform((text) => (text === "" ? [] : list(text)))
  .refine((parts) => parts.every((part) => route.test(part) && topicName.test(routeOf(part).topic)))
  .transform((parts) => parts.map(routeOf))
  .refine((all) => new Set(all.map(({ prefix }) => prefix)).size === all.length)
  .describe("prefix=topic pairs separated by commas, each prefix once, as order.=orders,user.=users");

const file = z.string().min(1).optional().describe("the path of a readable PEM file");

const variables = z.object({
  HOST: z.string().regex(/^\S+$/).default("127.0.0.1").describe("a host name or address to bind to"),
  PORT: integer(0, 65_535, 3_001),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info").describe("debug, info, warn or error"),
  METRICS_TOKEN: z.string().min(16).optional().describe("at least 16 characters"),
  RELAY_ID: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/)
    .optional()
    .describe("1 to 128 printable ASCII characters without a space, another one for each relay"),
  REDIS_URL: z
    .string()
    .refine((text) => list(text).every((node) => hasProtocol(node, /^rediss?:$/)))
    .describe("a redis: or rediss: URL; for a Redis Cluster several, separated by commas"),
  DATABASE_URL: z
    .string()
    .refine((text) => hasProtocol(text, /^postgres(ql)?:$/))
    .describe("a URL as postgres://user:password@host:port/database"),
  DATABASE_CONNECTIONS_MAX: integer(2, 100, 6),
  NAMESPACE: z
    .string()
    .regex(/^[\w.:-]{1,64}$/)
    .default("spillway")
    .describe("1 to 64 of letters, digits and _ . : -"),
  SHARDS: integer(1, 1_024, 4),
  LEASE_TTL_MS: integer(1_000, 300_000, 5_000),
  DEDUP_WINDOW_SECONDS: integer(1, 30 * 86_400, 3_600),
  BACKLOG_EVENTS_MAX: integer(1, 1_000_000_000, 1_000_000),
  BACKLOG_BYTES_MAX: integer(1_024, 1_024 * 1_024 * MiB, 256 * MiB),
  IN_FLIGHT_EVENTS_MAX: integer(1, 1_000_000, 8_192),
  IN_FLIGHT_BYTES_MAX: integer(1_024, 4 * 1_024 * MiB, 16 * MiB),
  DRAIN_EVENTS_MAX: integer(1, 10_000, 400),
  FINISH_MS: integer(0, 300_000, 5_000),
  KAFKA_BROKERS: z
    .string()
    .transform(list)
    .refine((all) => all.every((one) => broker.test(one)))
    .describe("host:port, several separated by commas"),
  KAFKA_TOPIC: z.string().regex(topicName).default("events").describe("a topic's name: 1 to 249 of a-z A-Z 0-9 . _ -"),
  KAFKA_TOPIC_ROUTES: routes,
  KAFKA_SINK: z.enum(["kafkajs", "platformatic"]).default("kafkajs").describe("kafkajs or platformatic"),
  KAFKA_COMPRESSION: z.enum(["none", "gzip", "zstd"]).optional().describe("none, gzip or zstd"),
  KAFKA_TLS: z.enum(["off", "on"]).default("off").describe("off or on"),
  KAFKA_TLS_CA_FILE: file,
  KAFKA_TLS_CERT_FILE: file,
  KAFKA_TLS_KEY_FILE: file,
  KAFKA_SASL_MECHANISM: z
    .enum(["plain", "scram-sha-256", "scram-sha-512"])
    .optional()
    .describe("plain, scram-sha-256 or scram-sha-512"),
  KAFKA_SASL_USERNAME: z.string().min(1).optional().describe("a user's name"),
  KAFKA_SASL_PASSWORD: z.string().min(1).optional().describe("a password"),
});

type Variables = z.infer<typeof variables>;

/** PEM texts. */
type Tls = { readonly ca?: string; readonly cert?: string; readonly key?: string };
type Sasl = { readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512"; username: string; password: string };

export type Config = Variables & {
  readonly tls: Tls | undefined;
  readonly sasl: Sasl | undefined;
  /** Who may read `/metrics`: everybody, nobody, or who knows this token. */
  readonly metricsAccess: "open" | "closed" | { readonly token: string };
};

const shown = (name: string, value: string | undefined): string => {
  if (value === undefined) return "nothing";
  return secrets.has(name) ? `a value of ${value.length} characters` : JSON.stringify(value);
};

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/;

const metricsAccessOf = ({ METRICS_TOKEN, HOST }: Variables): Config["metricsAccess"] => {
  if (METRICS_TOKEN !== undefined) return { token: METRICS_TOKEN };
  return loopback.test(HOST) ? "open" : "closed";
};

const TLS_FILES = { ca: "KAFKA_TLS_CA_FILE", cert: "KAFKA_TLS_CERT_FILE", key: "KAFKA_TLS_KEY_FILE" } as const;

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
    try {
      tls[part] = readFile(String(path));
    } catch {
      throw new ConfigError([`${name}: got ${JSON.stringify(path)}; accepts the path of a readable PEM file`]);
    }
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

/**
 * Reads the configuration from a record such as the environment; an empty string counts as absent. Throws `ConfigError`.
 */
export const readConfig = (
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): Config => {
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
  return { ...values, tls: tlsOf(values, readFile), sasl: saslOf(values), metricsAccess: metricsAccessOf(values) };
};

/** The configuration as it may be logged. */
export const shownConfig = (config: Config): Readonly<Record<string, string | number>> => {
  const fields: Record<string, string | number> = {};
  for (const name of Object.keys(variables.shape) as (keyof Variables)[]) {
    const value = config[name];
    if (secrets.has(name)) fields[name] = value === undefined ? "absent" : "configured";
    else if (typeof value === "number") fields[name] = value;
    else if (typeof value === "object") fields[name] = JSON.stringify(value);
    else fields[name] = value ?? "absent";
  }
  return fields;
};
