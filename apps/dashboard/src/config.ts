import { z } from "zod";

const url = (protocols: readonly string[]) =>
  z.string().refine(
    (text) => {
      const [first = ""] = text.split(",");
      return URL.canParse(first) && protocols.includes(new URL(first).protocol);
    },
    `must be a URL starting with ${protocols.join(" or ")}`,
  );

const schema = z.object({
  PORT: z.coerce.number().int().min(1).max(65_535).default(8789),
  HOST: z.string().min(1).default("127.0.0.1"),
  ENVIRONMENT: z.enum(["development", "production"]).default("production"),
  /** Who knows it may see everything and replay. */
  DASHBOARD_PASSWORD: z.string().min(12, "must have at least 12 characters"),
  REDIS_URL: url(["redis:", "rediss:"]),
  DATABASE_URL: url(["postgres:", "postgresql:"]),
  EDGE_URL: url(["http:", "https:"]),
  RELAY_URL: url(["http:", "https:"]),
  SHARDS: z.coerce.number().int().min(1).max(1024).default(4),
  NAMESPACE: z
    .string()
    .regex(/^[a-z0-9_-]{1,64}$/i)
    .default("spillway"),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
});

export type Config = Readonly<z.infer<typeof schema>>;

/** Names of settings whose values never appear in a message or a log. */
const secret = /PASSWORD|_URL$/;

/** Reads every setting, or throws an error that names each bad one, what it got and what it accepts. */
export const readConfig = (environment: Readonly<Record<string, string | undefined>>): Config => {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return Object.freeze(parsed.data);
  const lines = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    const given = environment[name];
    const shown = given === undefined ? "is not set" : secret.test(name) ? "is set" : `is ${JSON.stringify(given)}`;
    return `${name} ${shown}: ${issue.message}`;
  });
  throw new Error(`the dashboard does not start:\n  ${lines.join("\n  ")}`);
};
