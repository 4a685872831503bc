import { appendFile, mkdir, mkdtemp, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Running, startKafka, startPostgres, startRedis } from "@spillway/backends";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";

/* What a kill -9 at a bad moment leaves in a data folder, and the next start on it. */
let dataDir = "";
let running: Running | undefined;
let said: string[] = [];
const say = (line: string) => void said.push(line);
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "spillway-recovery-"));
  said = [];
});
afterEach(async () => {
  await running?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const sizeOf = async (redis: Running) => {
  const client = new Redis(redis.url);
  try {
    return await client.dbsize();
  } finally {
    client.disconnect();
  }
};

const filledRedis = async (): Promise<{ redis: Running; file: string }> => {
  const redis = await startRedis({ dataDir, say });
  running = redis;
  const client = new Redis(redis.url);
  for (let i = 0; i < 20; i++) await client.set(`key-${i}`, "x".repeat(100));
  client.disconnect();
  await redis.kill();
  const folder = join(dataDir, "appendonlydir");
  const name = (await readdir(folder)).find((each) => each.endsWith(".incr.aof")) ?? "";
  return { redis, file: join(folder, name) };
};

test("Redis: a half-written last command is cut off", async () => {
  const { redis, file } = await filledRedis();
  await truncate(file, (await stat(file)).size - 10);
  await redis.restart();
  expect(await sizeOf(redis)).toBe(19);
});

test("Redis: a damaged append-only file is mended, kept aside, and said", async () => {
  const { redis, file } = await filledRedis();
  await appendFile(file, "\0\0 not a command\r\n");
  await redis.restart();
  expect(await sizeOf(redis)).toBe(20);
  expect(said.join("\n")).toMatch(/append-only file was damaged; 18 bytes were cut off/);
  expect((await readdir(dataDir)).some((name) => name.startsWith("appendonlydir.broken-"))).toBe(true);
});

test("Postgres: what a killed initdb left is thrown away and made anew", async () => {
  await mkdir(join(dataDir, "cluster.init-dead"));
  await writeFile(join(dataDir, "cluster.init-dead", "PG_VERSION"), "18\n");
  running = await startPostgres({ dataDir, say });
  expect((await readdir(dataDir)).toSorted()).toEqual(["cluster", "postgres.log"]);
  expect(said).toContain("removing a half-made data folder");
});

test("Postgres: a pid file that names a stranger's process does not keep it from starting", async () => {
  const database = await startPostgres({ dataDir, say });
  running = database;
  await database.kill();
  await writeFile(join(dataDir, "cluster", "postmaster.pid"), `${process.pid}\n${join(dataDir, "cluster")}\n`);
  await database.restart();
  expect(database.pid()).toBeGreaterThan(0);
});

test("Postgres: a folder that is in use is refused, and its user is left alone", async () => {
  running = await startPostgres({ dataDir, say });
  const pid = running.pid();
  await expect(startPostgres({ dataDir, say })).rejects.toThrow(`Postgres (pid ${pid}) already runs on`);
  expect(running.pid()).toBe(pid);
});

test("Kafka: what a killed format left is thrown away and made anew", async () => {
  await mkdir(join(dataDir, "log.format-dead"));
  running = await startKafka({ dataDir, say, topics: [{ name: "t", partitions: 1 }] });
  expect((await readdir(dataDir)).toSorted()).toEqual(["kafka.log", "log", "server.properties"]);
  expect(said).toContain("removing a half-made data folder");
});
