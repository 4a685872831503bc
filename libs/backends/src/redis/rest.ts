import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type App, startApp } from "../process/app.ts";

const require = createRequire(import.meta.url);
const ENTRY = join(dirname(require.resolve("@spillway/redis-rest")), "main.ts");

export type RedisRestOptions = {
  readonly redisUrl: string;
  readonly token?: string;
  readonly port?: number;
  readonly logFile?: string;
  readonly onSpawn?: (pid: number) => void;
};

export type RedisRest = App & {
  readonly token: string;
};

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
