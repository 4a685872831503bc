import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Kafka, type Running, startKafka, startPostgres, startRedis } from "@spillway/backends";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { readTopic } from "../support/topic.ts";
import { type Started, spawnApp } from "./process.ts";

/* The README's commands, with the settings that it names behind them and no others, in an environment that has nothing else. */
const SPILLWAY = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const PATH = [dirname(process.execPath), process.env.PATH].join(":");
const bare = { PATH, HOME: process.env.HOME ?? SPILLWAY, SPILLWAY };

const section = readFileSync(`${SPILLWAY}/README.md`, "utf8").split("## Run it in production")[1] ?? "";
const block = /```sh\n([^`]*)```/.exec(section)?.[1] ?? "";
const commands = block
  .trim()
  .split("\n")
  .map((line) => {
    const [command = "", names = ""] = line.split("#");
    return { command: command.trim(), names: names.trim().split(" ") };
  });

const KEY = "a-key-of-the-test-of-production";
const TOKEN = "a-token-of-the-test-of-production";

let kafka: Kafka;
let redis: Running;
let postgres: Running;
beforeAll(async () => {
  [redis, postgres, kafka] = await Promise.all([startRedis(), startPostgres(), startKafka()]);
  await kafka.createTopics([{ name: "events", partitions: 1 }]);
});
afterAll(() => Promise.all([redis, postgres, kafka].map((service) => service?.stop())));

const started: Started[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((app) => app.stop()));
});

const settingsOf = (known: Readonly<Record<string, string>>, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, known[name] ?? `the test has no ${name}`]));

const commandOf = (part: string) => {
  const found = commands.find(({ command }) => command.includes(part));
  if (found === undefined) throw new Error(`the README has no command with ${part}`);
  return found;
};

const start = async (part: string, known: Readonly<Record<string, string>>): Promise<Started> => {
  const { command, names } = commandOf(part);
  const env = { ...bare, ...settingsOf(known, names) };
  const app = await spawnApp(["sh", "-c", `exec ${command}`], { cwd: "/", env });
  started.push(app);
  return app;
};

const known = () => ({
  DATABASE_URL: postgres.url,
  REDIS_URL: redis.url,
  KAFKA_BROKERS: kafka.brokers.join(),
  TOKEN,
  UPSTASH_REDIS_REST_TOKEN: TOKEN,
  API_KEYS: `shop:${KEY}`,
  DASHBOARD_PASSWORD: "a password of the tests",
});

const startAll = async () => {
  const rest = await start("redis-rest", known());
  const edge = await start("apps/edge", { ...known(), UPSTASH_REDIS_REST_URL: rest.url });
  const relay = await start("apps/relay", known());
  const dashboard = await start("apps/dashboard", { ...known(), EDGE_URL: edge.url, RELAY_URL: relay.url });
  return { rest, edge, relay, dashboard };
};

const readiness = async (app: Started): Promise<string> => (await fetch(`${app.url}/readyz`)).text();

test("the apps on a database that nobody migrated name the remedy, in the log and in /readyz", async () => {
  const { edge, relay, dashboard } = await startAll();
  for (const app of [edge, relay, dashboard]) {
    await expect.poll(() => readiness(app), { timeout: 20_000 }).toContain("not migrated: npm run migrate");
    await expect.poll(() => app.output(), { timeout: 20_000 }).toMatch(/database\.schema.*npm run migrate/);
  }
});

test("as the README says: migrated, started, an event from a client to the topic, ended by SIGTERM", async () => {
  const { command, names } = commandOf("migrate");
  const env = { ...bare, ...settingsOf(known(), names) };
  const { stdout } = await promisify(execFile)("sh", ["-c", command], { cwd: "/", env });
  expect(stdout).toMatch(/\d+ migrations applied: 0000_tables/);

  const { rest, edge, relay, dashboard } = await startAll();
  // The first relay of all founds the installation, and no event is taken before that.
  await expect.poll(() => readiness(edge), { timeout: 30_000 }).not.toContain('"status":"down"');
  const posted = await fetch(`${edge.url}/v1/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: '{"type":"order.created","id":"order-1","data":{"total":12.50}}',
  });
  expect([posted.status, await posted.json()]).toMatchObject([202, {}]);
  const values = async () => (await readTopic(kafka.brokers, "events")).map(({ value }) => value.toString());
  await expect.poll(values, { timeout: 60_000 }).toEqual([expect.stringContaining('"data":{"total":12.50}')]);
  for (const app of [edge, relay, dashboard])
    await expect.poll(() => readiness(app), { timeout: 30_000 }).toContain('"status":"up"');
  for (const app of [dashboard, relay, edge, rest]) expect(await app.stop()).toEqual({ code: 0, signal: null });
});
