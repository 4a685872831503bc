import { Redis } from "ioredis";
import { findExecutable } from "../process/command.ts";
import { openPlace } from "../process/place.ts";
import { type Running, type ServiceOptions, startService } from "../process/service.ts";
import { provide } from "../provision/debian.ts";
import { REMEDIES } from "../provision/refusal.ts";
import { type Say, silent } from "../provision/say.ts";
import { mendAppendOnlyFile } from "./append-only.ts";

const ASK_MS = 1_000;
const READY_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 5_000;

// What a 202 rests on: every write is on disk before its reply, nothing is evicted, no snapshot stalls the process.
const SETTINGS = {
  bind: "127.0.0.1",
  appendonly: "yes",
  appendfsync: "always",
  "maxmemory-policy": "noeviction",
  save: "",
  "lazyfree-lazy-expire": "yes",
} as const;

/** Asks one Redis one question on a connection of its own, without retries. */
export const askRedis = async <T>(url: string, ask: (redis: Redis) => Promise<T>): Promise<T> => {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: ASK_MS,
    commandTimeout: ASK_MS,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
  });
  // The rejection of the command says the same; without a listener ioredis prints it.
  redis.on("error", () => undefined);
  try {
    await redis.connect();
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
};

/** The path of redis-server or valkey-server. */
const provideRedis = (say: Say): Promise<string> =>
  provide(() => findExecutable("redis-server", "valkey-server"), {
    missing: () => "no redis-server or valkey-server on the PATH",
    debianPackages: ["redis-server"],
    remedy: REMEDIES.redis,
    say,
  });

/** Starts a real Redis (or Valkey) on loopback: fsync on every write, no eviction. Throws NotProvided, or its log. */
export const startRedis = async (options: ServiceOptions = {}): Promise<Running> => {
  const { say = silent } = options;
  const command = await provideRedis(say);
  const place = await openPlace("redis", options);
  const url = `redis://127.0.0.1:${place.port}`;
  const settings = { ...SETTINGS, ...options.settings, port: String(place.port), dir: place.cwd };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  return startService({
    ...place,
    url,
    stopDeadlineMs: STOP_DEADLINE_MS,
    readyDeadlineMs: READY_DEADLINE_MS,
    prepare: async () => {
      const env = await options.writeCache?.attach({ cwd: place.cwd, folder: "appendonlydir", say });
      return { command, args, env };
    },
    ready: () => askRedis(url, async (redis) => (await redis.ping()) === "PONG"),
    repair: (log) => mendAppendOnlyFile(command, place.cwd, log, say),
  });
};
