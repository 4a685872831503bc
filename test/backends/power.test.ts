import { createWriteCache, type Running, startPostgres, startRedis } from "@spillway/backends";
import { Redis } from "ioredis";
import postgres from "postgres";
import { afterEach, expect, test } from "vitest";

/* A loss of power takes what was not synced, and nothing else: scenarios that lose nothing then have lost nothing. */
const started: Running[] = [];
afterEach(async () => {
  for (const service of started.splice(0)) await service.stop();
});

const writtenAndCut = async (appendfsync: string): Promise<{ dropped: number; left: number }> => {
  const writeCache = createWriteCache();
  const redis = await startRedis({ writeCache, settings: { appendfsync } });
  started.push(redis);
  const writer = new Redis(redis.url);
  for (let i = 0; i < 100; i++) await writer.rpush("list", i);
  writer.disconnect();
  const dropped = await writeCache.cutPower(redis);
  await redis.restart();
  const reader = new Redis(redis.url);
  const left = await reader.llen("list");
  reader.disconnect();
  return { dropped, left };
};

test("Redis that syncs every write has all that it answered", async () => {
  expect(await writtenAndCut("always")).toEqual({ dropped: 0, left: 100 });
});

test("Redis that syncs never has lost it, though kill -9 alone takes nothing", async () => {
  const { dropped, left } = await writtenAndCut("no");
  expect(left).toBe(0);
  expect(dropped).toBeGreaterThan(1_000);
});

const committedAndCut = async (synchronousCommit: string): Promise<number> => {
  const writeCache = createWriteCache();
  // The WAL writer would sync it within 200 ms.
  const settings = { synchronous_commit: synchronousCommit, wal_writer_delay: "10s" };
  const database = await startPostgres({ writeCache, settings });
  started.push(database);
  const options = { max: 1, onnotice: () => undefined };
  const writer = postgres(database.url, options);
  await writer`create table t (n int)`;
  await writer`checkpoint`;
  for (let n = 0; n < 100; n++) await writer`insert into t values (${n})`;
  await writeCache.cutPower(database);
  await writer.end({ timeout: 0 });
  await database.restart();
  const reader = postgres(database.url, options);
  const [row] = await reader`select count(*)::int as rows from t`;
  await reader.end();
  return Number(row?.rows);
};

test("Postgres that waits for the disk has all that it answered", async () => {
  expect(await committedAndCut("on")).toBe(100);
});

test("Postgres that does not wait has lost it", async () => {
  expect(await committedAndCut("off")).toBe(0);
});
