import { defaultLimits, REQUEST_BYTES } from "./limits.ts";
import type { RedisRestOptions } from "./server.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** A setting that the process refuses to start with. The text names it and what it takes, and holds no secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

function whole(env: Environment, name: string, fallback: number, min: number, max: number): number {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new ConfigError(`${name} is ${JSON.stringify(text)}; it takes a whole number from ${min} to ${max}`);
}

function redisUrls(env: Environment): string[] {
  const urls = (env.REDIS_URL || "redis://127.0.0.1:6379").split(",").map((url) => url.trim());
  for (const [index, url] of urls.entries()) {
    if (/^rediss?:\/\/[^/]/.test(url) && URL.canParse(url)) continue;
    // The URL may hold a password.
    throw new ConfigError(
      `REDIS_URL (entry ${index + 1} of ${urls.length}) is no URL of a Redis; ` +
        "it takes redis://host:6379 or rediss://user:password@host:6379, or several nodes of a cluster between commas",
    );
  }
  return urls;
}

function token(env: Environment): string {
  const text = env.TOKEN ?? "";
  if (/^\S+$/.test(text)) return text;
  throw new ConfigError(
    `TOKEN is ${text === "" ? "missing" : "not usable"}; it takes the bearer token that clients must send, without spaces`,
  );
}

/** At least one request of the largest size must fit, else it would be answered "busy" for ever. */
function inflightBytesMax(env: Environment, bodyBytesMax: number): number {
  const min = bodyBytesMax + REQUEST_BYTES;
  const fallback = Math.max(defaultLimits.inflightBytesMax, min);
  return whole(env, "INFLIGHT_BYTES_MAX", fallback, min, Number.MAX_SAFE_INTEGER);
}

/** Reads the environment. Throws ConfigError for the first setting it cannot start with. */
export function readConfig(env: Environment = process.env): RedisRestOptions {
  const most = Number.MAX_SAFE_INTEGER;
  const limits = defaultLimits;
  const bodyBytesMax = whole(env, "BODY_BYTES_MAX", limits.bodyBytesMax, 1, most);
  return {
    host: env.HOST || "127.0.0.1",
    port: whole(env, "PORT", 8079, 0, 65_535),
    redisUrls: redisUrls(env),
    token: token(env),
    connections: whole(env, "CONNECTIONS", 4, 1, 1_000),
    limits: {
      bodyBytesMax,
      bodyMsMax: whole(env, "BODY_MS_MAX", limits.bodyMsMax, 1, 3_600_000),
      commandsMax: whole(env, "COMMANDS_MAX", limits.commandsMax, 1, 1_000_000),
      inflightBytesMax: inflightBytesMax(env, bodyBytesMax),
      replyMsMax: whole(env, "REPLY_MS_MAX", limits.replyMsMax, 1, 3_600_000),
    },
  };
}
