import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Running,
  startKafka,
  startPostgres,
  startRedis,
  startRedisCluster,
  startRedisRest,
} from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { Redis } from "ioredis";
import { Kafka, logLevel } from "kafkajs";
import postgres from "postgres";
import { afterEach, describe, expect, test } from "vitest";

/* Every service on its own: killed -9 it comes back on its port with its data; stopped it leaves nothing. */
const started: Running[] = [];
const kept = <T extends Running>(running: T): T => {
  started.push(running);
  return running;
};
afterEach(async () => {
  for (const service of started.splice(0).reverse()) await service.stop();
});

/** Runs `work` before and after a kill -9 and a restart, and checks that only the process is another one. */
const killedAndBack = async (service: Running): Promise<void> => {
  const { port, url } = service;
  const pid = service.pid();
  await service.kill();
  expect(service.pid()).toBeUndefined();
  await service.restart();
  expect(service.pid()).not.toBe(pid);
  expect([service.port, service.url]).toEqual([port, url]);
};

const withRedis = async <T>(url: string, ask: (redis: Redis) => Promise<T>): Promise<T> => {
  const redis = new Redis(url);
  try {
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
};

const withPostgres = async <T>(url: string, ask: (sql: postgres.Sql) => Promise<T>): Promise<T> => {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await ask(sql);
  } finally {
    await sql.end();
  }
};

describe("kill -9", () => {
  test("Redis has every write that it answered", async () => {
    const redis = kept(await startRedis());
    await withRedis(redis.url, async (client) => {
      for (let i = 0; i < 200; i++) await client.rpush("list", i);
    });
    await killedAndBack(redis);
    expect(await withRedis(redis.url, (client) => client.llen("list"))).toBe(200);
  });

  test("Postgres has every commit that it answered", async () => {
    const database = kept(await startPostgres());
    await withPostgres(database.url, async (sql) => {
      await sql`create table t (n int)`;
      for (let n = 0; n < 50; n++) await sql`insert into t values (${n})`;
    });
    await killedAndBack(database);
    expect(await withPostgres(database.url, (sql) => sql`select count(*)::int as n from t`)).toEqual([{ n: 50 }]);
  });

  test("Kafka has its topics and their records", async () => {
    const kafka = kept(await startKafka({ topics: [{ name: "t", partitions: 3 }] }));
    const client = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING });
    const producer = client.producer();
    await producer.connect();
    await producer.send({
      topic: "t",
      messages: [
        { partition: 2, value: "a" },
        { partition: 2, value: "b" },
      ],
    });
    await producer.disconnect();
    await killedAndBack(kafka);
    const admin = client.admin();
    await admin.connect();
    const offsets = await admin.fetchTopicOffsets("t");
    await admin.disconnect();
    expect(offsets.toSorted((a, b) => a.partition - b.partition).map(({ high }) => high)).toEqual(["0", "0", "2"]);
  });

  test("redis-rest answers again, to its token alone", async () => {
    const redis = kept(await startRedis());
    const rest = kept(await startRedisRest({ redisUrl: redis.url, token: "a-token-of-this-test" }));
    await killedAndBack(rest);
    const ask = (token: string) =>
      fetch(rest.url, { method: "POST", headers: { authorization: `Bearer ${token}` }, body: '["PING"]' });
    expect((await ask("a-token-of-this-test")).status).toBe(200);
    expect((await ask("another")).status).toBe(401);
  });
});

describe("a service", () => {
  test("runs with the settings that a 202 rests on", async () => {
    const [redis, database] = await Promise.all([startRedis({ settings: { maxmemory: "64mb" } }), startPostgres()]);
    kept(redis);
    kept(database);
    const settings = await withRedis(redis.url, (client) =>
      client.config("GET", "appendonly", "appendfsync", "maxmemory-policy", "maxmemory", "bind"),
    );
    expect(settings).toEqual(expect.arrayContaining(["always", "noeviction", "67108864", "127.0.0.1"]));
    for (const [name, value] of [
      ["fsync", "on"],
      ["synchronous_commit", "on"],
      ["listen_addresses", "127.0.0.1"],
    ]) {
      const [row] = await withPostgres(database.url, (sql) => sql`select current_setting(${name ?? ""}) as value`);
      expect(row?.value).toBe(value);
    }
  });

  test("keeps a folder that it was given, and removes one that it made", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "spillway-kept-"));
    try {
      const given = await startRedis({ dataDir });
      await withRedis(given.url, (client) => client.set("k", "v"));
      await given.stop();
      const again = kept(await startRedis({ dataDir }));
      expect(await withRedis(again.url, (client) => client.get("k"))).toBe("v");
      const own = await startRedis();
      expect(existsSync(own.logFile)).toBe(true);
      await own.stop();
      expect(existsSync(own.logFile)).toBe(false);
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });

  test("that is frozen is stopped all the same", async () => {
    const redis = await startRedis();
    const pid = redis.pid() ?? 0;
    await redis.kill("SIGSTOP");
    await redis.stop();
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });

  test("that cannot start says why, with its own words", async () => {
    await expect(startRedis({ settings: { "no-such-setting": "1" } })).rejects.toThrow(/no-such-setting/);
  });
});

test("a Redis Cluster fails over when a master is killed", async () => {
  const cluster = await startRedisCluster();
  try {
    const [master, , , replica] = cluster.nodes;
    const roleOf = async (node: Running | undefined) => {
      const [role] = (await withRedis(node?.url ?? "", (client) => client.call("ROLE"))) as [string];
      return role;
    };
    expect(await roleOf(replica)).toBe("slave");
    await master?.kill();
    await eventually("the replica to be the master", async () => (await roleOf(replica)) === "master");
    await master?.restart();
    await eventually("the old master to follow", async () => (await roleOf(master)) === "slave");
  } finally {
    await cluster.stop();
  }
});
