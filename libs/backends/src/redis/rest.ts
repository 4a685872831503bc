import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { startApp } from "../process/app.ts";
import type { Running, ServiceOptions } from "../process/service.ts";

const require = createRequire(import.meta.url);
const ENTRY = join(dirname(require.resolve("@spillway/redis-rest")), "main.ts");

type RedisRestOptions = Pick<ServiceOptions, "port" | "logFile" | "onSpawn"> & {
  readonly redisUrl: string;
  readonly token?: string;
};

export type RedisRest = Running & { readonly token: string };

/** Starts libs/redis-rest in front of a Redis. Throws with its log when it does not answer PING. */
export const startRedisRest = async ({
  redisUrl,
  token = "redis-rest-token-of-a-test",
  ...place
}: RedisRestOptions): Promise<RedisRest> => {
  const headers = { authorization: `Bearer ${token}` };
  const app = await startApp({
    ...place,
    name: "redis-rest",
    entry: ENTRY,
    env: { REDIS_URL: redisUrl, TOKEN: token },
    isReady: async (url) => {
      const signal = AbortSignal.timeout(1_000);
      return (await fetch(url, { method: "POST", headers, body: '["PING"]', signal })).ok;
    },
  });
  return { ...app, token };
};
