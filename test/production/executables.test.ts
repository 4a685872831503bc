import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Kafka, type Running, startKafka, startPostgres, startRedis } from "@spillway/backends";
import { runMigrations } from "@spillway/drizzle";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readTopic } from "../support/topic.ts";
import { spawnApp } from "./process.ts";

/* One file each, for a machine that has neither Bun nor this repository. */
const root = fileURLToPath(new URL("../..", import.meta.url));
const empty = mkdtempSync(join(tmpdir(), "spillway-empty-"));
const KEY = "a-key-of-the-test-of-executables";

let kafka: Kafka;
let redis: Running;
let postgres: Running;
beforeAll(async () => {
  [redis, postgres, kafka] = await Promise.all([startRedis(), startPostgres(), startKafka()]);
  await kafka.createTopics([{ name: "events", partitions: 1 }]);
  await runMigrations(postgres.url);
});
afterAll(async () => {
  await Promise.all([redis, postgres, kafka].map((service) => service?.stop()));
  rmSync(empty, { recursive: true });
});

const build = (app: string): string => {
  const cwd = join(root, "apps", app);
  const { status, stderr } = spawnSync(process.execPath, ["run", "build:executable"], { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${app} cannot be built: ${stderr}`);
  return join(cwd, "dist", app);
};

const start = (app: string, env: Readonly<Record<string, string>>) =>
  spawnApp([build(app)], { cwd: empty, env: { REDIS_URL: redis.url, DATABASE_URL: postgres.url, ...env } });

test("the executables start from an empty folder with their settings alone, and bring an event to Kafka", async () => {
  const relay = await start("relay", { KAFKA_BROKERS: kafka.brokers.join() });
  const edge = await start("edge", { API_KEYS: `shop:${KEY}`, STOP_DELAY_MS: "0" });
  const dashboard = await start("dashboard", { EDGE_URL: edge.url, DASHBOARD_PASSWORD: "a password of the tests" });
  const readiness = async (url: string): Promise<string> => (await fetch(`${url}/readyz`)).text();
  // The first relay of all founds the installation, and no event is taken before that.
  for (const { url } of [edge, relay, dashboard])
    await expect.poll(() => readiness(url), { timeout: 30_000 }).toContain('"status":"up"');
  const posted = await fetch(`${edge.url}/v1/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: '{"type":"order.created","id":"order-1","data":{"total":12.50}}',
  });
  expect(posted.status).toBe(202);
  const values = async () => (await readTopic(kafka.brokers, "events")).map(({ value }) => value.toString());
  await expect.poll(values, { timeout: 60_000 }).toEqual([expect.stringContaining('"data":{"total":12.50}')]);
  // What the page needs is in the file, too.
  const page = await (await fetch(dashboard.url)).text();
  const [, css = ""] = /href="([^"]+\.css[^"]*)"/.exec(page) ?? [];
  expect((await fetch(new URL(css, dashboard.url))).headers.get("content-type")).toContain("text/css");
  for (const app of [dashboard, edge, relay]) expect(await app.stop()).toEqual({ code: 0, signal: null });
  expect(readdirSync(empty)).toEqual([]);
});
