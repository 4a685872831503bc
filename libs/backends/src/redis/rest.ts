import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { startApp } from "../process/app.ts";
import type { Running, ServiceOptions } from "../process/service.ts";

const require = createRequire(import.meta.url);
const ENTRY = join(dirname(require.resolve("@spillway/redis-rest")), "main.ts");

export type RedisRestOptions = Pick<ServiceOptions, "port" | "logFile" | "onSpawn"> & {
  readonly redisUrl: string;
  readonly token?: string;
};

export type RedisRest = Running & { readonly token: string };

/** Starts libs/redis-rest in front of a Redis. Throws with its log when it does not answer PING in ten seconds. */
export const startRedisRest = async (options: RedisRestOptions): Promise<RedisRest> => {
  const token = options.token ?? "redis-rest-token-of-a-test";
  const app = await startApp({
    name: "redis-rest",
    entry: ENTRY,
    port: options.port,
    logFile: options.logFile,
    onSpawn: options.onSpawn,
    env: { REDIS_URL: options.redisUrl, TOKEN: token },
    isReady: async (url) => {
      const response = await fetch(url, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: '["PING"]',
        signal: AbortSignal.timeout(1_000),
      });
      return response.ok;
    },
  });
  return { ...app, token };
};
