import { join } from "node:path";
import { Redis } from "ioredis";
import { openDataFolder } from "../process/data-folder.ts";
import { freePort } from "../process/port.ts";
import { type Running, type ServiceOptions, startService } from "../process/service.ts";
import { silent } from "../provision/say.ts";
import { mendAppendOnlyFile } from "./append-only.ts";
import { provideRedis } from "./binary.ts";

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

/** Starts a real Redis (or Valkey) on loopback: fsync on every write, no eviction. Throws NotProvided, or its log. */
export const startRedis = async (options: ServiceOptions = {}): Promise<Running> => {
  const say = options.say ?? silent;
  const binary = await provideRedis(say);
  const data = await openDataFolder("redis", options.dataDir);
  const port = options.port || (await freePort());
  const url = `redis://127.0.0.1:${port}`;
  const logFile = options.logFile ?? join(data.path, "redis.log");
  const settings = { ...SETTINGS, ...options.settings, port: String(port), dir: data.path };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  return startService({
    name: "redis",
    url,
    port,
    logFile,
    stopDeadlineMs: STOP_DEADLINE_MS,
    readyDeadlineMs: READY_DEADLINE_MS,
    prepare: async () => ({ command: binary, args, cwd: data.path, stopSignal: "SIGTERM", output: logFile }),
    ready: () => askRedis(url, async (redis) => (await redis.ping()) === "PONG"),
    repair: (log) => mendAppendOnlyFile(binary, data.path, log, say),
    cleanUp: data.discard,
    onSpawn: options.onSpawn,
  });
};
