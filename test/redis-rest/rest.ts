import { type Running, type ServiceOptions, startRedis } from "@spillway/backends";
import { systemClock } from "@spillway/event";
import { createRedisRest, type RedisRest, type RedisRestOptions } from "@spillway/redis-rest";
import { Redis, type RedisConfigNodejs } from "@upstash/redis";

const TOKEN = "token-of-a-test";

export type Rest = {
  readonly url: string;
  /** The client under which the server must be indistinguishable from Upstash. */
  client(options?: Partial<RedisConfigNodejs>): Redis;
  /** A plain request with the right token. */
  send(path: string, init?: RequestInit): Promise<Response>;
  /** The body of a POST of this JSON. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<unknown>;
  stop(): Promise<void>;
};

const toRest = ({ url, stop }: Pick<RedisRest, "url" | "stop">): Rest => {
  const send = (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${TOKEN}`);
    return fetch(`${url}${path}`, { ...init, headers });
  };
  return {
    url,
    send,
    stop,
    client: (options = {}) =>
      new Redis({ url, token: TOKEN, retry: { retries: 0 }, enableTelemetry: false, ...options }),
    post: async (path, body, headers) =>
      (await send(path, { method: "POST", body: JSON.stringify(body), headers })).json(),
  };
};

/** The server in this process, in front of these Redis URLs. */
export const startRest = async (redisUrls: readonly string[], options: Partial<RedisRestOptions> = {}): Promise<Rest> =>
  toRest(await createRedisRest({ token: TOKEN, ...options, redisUrls }));

export type Stack = Rest & { readonly redis: Running };

/** A real Redis of its own and the server in front of it. */
export const startStack = async (
  options: Partial<RedisRestOptions> = {},
  settings: ServiceOptions["settings"] = {},
): Promise<Stack> => {
  const redis = await startRedis({ settings });
  const rest = await startRest([redis.url], options);
  const stop = async () => {
    await rest.stop();
    await redis.stop();
  };
  return { ...rest, redis, stop };
};

let keys = 0;

/** A key that no other test uses. */
export const newKey = (what = "key") => `${what}:${process.pid}:${keys++}`;

/** Asks again until the answer is right; the test's own deadline ends it otherwise. */
export const until = async <T>(ask: () => Promise<T>, isRight: (answer: T) => boolean): Promise<T> => {
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    await systemClock.sleep(20);
  }
};
