import { Redis } from "ioredis";
import { forgedChunks } from "../../support/forged-chunks.ts";
import { frozenFor, type Injection, inTurn, killedFor, pause, redis, times } from "../injection.ts";
import type { FaultWorld, Scenario } from "../scenario.ts";

/** A connection of the test's own, past the proxies. */
export const withRedis = async <T>(world: FaultWorld, use: (redis: Redis) => Promise<T>): Promise<T> => {
  // Without the ready check: its INFO is refused by a server that is busy in a script.
  const redis = new Redis(world.services.redis.url, { maxRetriesPerRequest: 0, enableReadyCheck: false });
  redis.on("error", () => undefined);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
};

export const asked =
  (ask: (redis: Redis) => Promise<unknown>): Injection =>
  (world) =>
    withRedis(world, async (redis) => void (await ask(redis)));

const configured = (setting: string, faulty: string, sound: string, ms: number): Injection =>
  inTurn(
    asked((redis) => redis.config("SET", setting, faulty)),
    pause(ms),
    asked((redis) => redis.config("SET", setting, sound)),
  );

export const redisScenarios: readonly Scenario[] = [
  { id: "F01", fault: "Redis killed −9, back after 5 s", quick: true, during: "answers", run: killedFor(redis, 5_000) },
  {
    id: "F01b",
    fault: "Redis killed −9 five times, back at once",
    during: "answers",
    run: times(5, killedFor(redis, 0), pause(1_500)),
  },
  {
    id: "F04a",
    fault: "Redis frozen for 1 s",
    during: "answers",
    eventsPerSecond: 1_000,
    run: frozenFor(redis, 1_000),
  },
  { id: "F04b", fault: "Redis frozen for 10 s", quick: true, during: "answers", run: frozenFor(redis, 10_000) },
  { id: "F04c", fault: "Redis frozen for 60 s", during: "answers", run: frozenFor(redis, 60_000) },
  {
    id: "F06",
    fault: "Redis out of memory: XADD is refused, the relay must still empty the stream",
    quick: true,
    during: "answers",
    own: { redis: { settings: { maxmemory: "64mb" } } },
    run: configured("maxmemory", "1mb", "64mb", 8_000),
  },
  {
    id: "F12a",
    fault: "Redis busy in an endless script for 6 s (BUSY)",
    during: "answers",
    run: async (world) => {
      const script = withRedis(world, (redis) => redis.eval("while true do end", 0)).catch(() => undefined);
      await world.sleep(6_000);
      await withRedis(world, (redis) => redis.call("SCRIPT", "KILL"));
      await script;
    },
  },
  {
    id: "F12b",
    fault: "Redis turned into a read-only replica of nothing (READONLY)",
    during: "answers",
    run: inTurn(
      asked((redis) => redis.replicaof("127.0.0.1", 1)),
      pause(6_000),
      asked((redis) => redis.replicaof("NO", "ONE")),
    ),
  },
  {
    id: "F12c",
    fault: "Redis asks for a replica that it has not (NOREPLICAS)",
    during: "answers",
    run: configured("min-replicas-to-write", "1", "0", 6_000),
  },
  {
    id: "F12d",
    fault: "Redis forbids scripts to its clients (NOPERM)",
    during: "answers",
    run: inTurn(
      asked((redis) => redis.call("ACL", "SETUSER", "default", "-evalsha", "-eval")),
      pause(6_000),
      asked((redis) => redis.call("ACL", "SETUSER", "default", "+@all")),
    ),
  },
  {
    id: "F16",
    fault: "one shard's dedup set has the wrong type: one of a pipeline's appends fails, the others do not",
    during: "answers",
    run: async (world) => {
      const keys = [0, 1, 2].map((slot) => `{${world.pipeline.name}:0}:known:${slot}`);
      await withRedis(world, async (redis) => {
        for (const key of keys) if ((await redis.exists(key)) === 1) await redis.rename(key, `${key}:aside`);
        for (const key of keys) await redis.set(key, "wrong");
      });
      await world.sleep(5_000);
      await withRedis(world, async (redis) => {
        await redis.del(...keys);
        for (const key of keys) if ((await redis.exists(`${key}:aside`)) === 1) await redis.rename(`${key}:aside`, key);
      });
    },
  },
  {
    id: "F10",
    fault: "a damaged entry in the stream",
    during: "answers",
    run: async (world) => {
      const key = `{${world.pipeline.name}:0}:stream`;
      await withRedis(world, (redis) => redis.xadd(key, "*", "c", "AQBub3QgYSBjaHVuaw==", "n", "1"));
      await world.sleep(2_000);
    },
    check: async (world) => {
      const letters = await world.pipeline.sql`SELECT code FROM dead_letters WHERE class = 'undecodable'`;
      if (letters.length !== 1) throw new Error(`${letters.length} undecodable dead letters, not 1`);
    },
  },
  {
    id: "F10b",
    fault: "twelve entries and twelve rows by hand, of every wrong type and with a right checksum",
    during: "answers",
    run: async (world) => {
      const { name, sql } = world.pipeline;
      for (const chunk of forgedChunks()) {
        await withRedis(world, (redis) =>
          redis.xadd(`{${name}:0}:stream`, "*", "c", chunk.toString("base64"), "n", "1"),
        );
        await sql`insert into outbox (shard, chunk, events, bytes) values (1, ${chunk}, 1, ${chunk.length})`;
        await world.sleep(100);
      }
    },
    check: async (world) => {
      const letters = await world.pipeline.sql`SELECT code FROM dead_letters WHERE class = 'undecodable'`;
      if (letters.length !== 24) throw new Error(`${letters.length} undecodable dead letters, not 24`);
    },
  },
  {
    id: "F05",
    fault: "Redis meets a full disk (RLIMIT_FSIZE on its process) and exits; back after 5 s",
    during: "answers",
    own: {},
    run: async (world) => {
      const pid = String(world.services.redis.pid());
      Bun.spawnSync(["prlimit", "--pid", pid, "--fsize=65536"]);
      await world.services.redis.exited();
      await world.sleep(5_000);
      await world.services.redis.restart();
    },
  },
];
