import { type Environment, httpUrl, optional, redisUrls, token, type Values } from "@spillway/service";

export const redisSettings = {
  REDIS_URL: optional(redisUrls()),
  UPSTASH_REDIS_REST_URL: optional(httpUrl()),
  UPSTASH_REDIS_REST_TOKEN: optional(token(1)),
};

/** How the edge reaches Redis. */
export type RedisWay =
  | { readonly over: "http"; readonly url: string; readonly token: string }
  | { readonly over: "tcp"; readonly url: string };

/** What is missing, as sentences. */
export const missingRedis = (env: Environment): readonly string[] => {
  const rest = "UPSTASH_REDIS_REST_URL";
  if (env[rest]) return env.UPSTASH_REDIS_REST_TOKEN ? [] : [`UPSTASH_REDIS_REST_TOKEN: got nothing; ${rest} needs it`];
  if (env.REDIS_URL) return [];
  return [`${rest}: got nothing; accepts an http or https URL with its token, or REDIS_URL in the place of both`];
};

/** HTTP where both are set: in an environment that all apps share REDIS_URL is the relay's. */
export const redisWayOf = (values: Values<typeof redisSettings>): RedisWay => {
  const { REDIS_URL = [], UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token = "" } = values;
  return url === undefined ? { over: "tcp", url: REDIS_URL.join() } : { over: "http", url, token };
};
