import { type RedisRest, type Running, startApp, startPostgres, startRedis, startRedisRest } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { runMigrations } from "@spillway/drizzle";
import { Redis } from "ioredis";
import postgres, { type Sql } from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { API_KEY, entryOf, KEY } from "../support/world.ts";

/* Parts that do not belong together, each of which used to answer 202 for events that nobody would ever relay, with all lights green. */

const DEADLINE_MS = 20_000;

let redis: Running;
let database: Running;
let rest: RedisRest;
let admin: Redis;
beforeAll(async () => {
  [redis, database] = await Promise.all([startRedis(), startPostgres()]);
  rest = await startRedisRest({ redisUrl: redis.url });
  admin = new Redis(redis.url, { protocol: 2 });
});
afterAll(async () => {
  admin.disconnect();
  for (const each of [rest, redis, database]) await each.stop();
});

let databases = 0;
const otherDatabase = async (): Promise<string> => {
  const name = `installation_${++databases}`;
  const sql = postgres(database.url, { max: 1, onnotice: () => undefined });
  await sql.unsafe(`create database ${name}`);
  await sql.end();
  const url = database.url.replace(/\/postgres$/, `/${name}`);
  await runMigrations(url);
  return url;
};

let namespace: string;
let databaseUrl: string;
let sql: Sql;
let apps: Running[] = [];
beforeEach(async () => {
  databaseUrl = await otherDatabase();
  namespace = `installation-${databases}`;
  sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
});
afterEach(async () => {
  await Promise.all(apps.map((app) => app.stop()));
  apps = [];
  await sql.end({ timeout: 1 });
});

const start = async (name: "edge" | "relay", env: Readonly<Record<string, string>>): Promise<Running> => {
  const app = await startApp({
    name,
    entry: entryOf(name),
    env: {
      API_KEYS: API_KEY,
      UPSTASH_REDIS_REST_URL: rest.url,
      UPSTASH_REDIS_REST_TOKEN: rest.token,
      REDIS_URL: redis.url,
      DATABASE_URL: databaseUrl,
      // No test here asks for more than leases and rows.
      KAFKA_BROKERS: "127.0.0.1:1",
      STOP_DELAY_MS: "0",
      NAMESPACE: namespace,
      ...env,
    },
  });
  apps.push(app);
  return app;
};

let events = 0;
/** What a post comes to: the tier, or the code of a refusal. */
const post = async (edge: Running): Promise<string> => {
  const answer = await fetch(`${edge.url}/v1/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ id: `order-${++events}`, type: "t", subject: `customer-${events}` }),
  });
  const { tier, code } = (await answer.json()) as { tier?: string; code?: string };
  return `${answer.status} ${tier ?? code}`;
};
const postMany = async (edge: Running, count = 40) =>
  new Set(await Promise.all(Array.from({ length: count }, () => post(edge))));

const readiness = async (app: Running): Promise<string> => {
  const answer = await fetch(`${app.url}/readyz`);
  return `${answer.status} ${await answer.text()}`;
};
const becomes = (app: Running, ...parts: readonly string[]) =>
  eventually(
    `it says ${parts}`,
    async () => {
      const said = await readiness(app);
      return parts.every((part) => said.includes(part));
    },
    DEADLINE_MS,
  );
const answers = (edge: Running, answer: string) =>
  eventually(`it answers ${answer}`, async () => (await post(edge)) === answer, DEADLINE_MS);

const whileFrozen = async <T>(one: Running, act: () => Promise<T>): Promise<T> => {
  await one.kill("SIGSTOP");
  try {
    return await act();
  } finally {
    await one.kill("SIGCONT");
  }
};

const idIn = () => admin.hget(`${namespace}:meta`, "installation");
const rowsIn = async () => (await sql`select from outbox`).length;
const owners = async () => (await admin.keys(`{${namespace}:*}:lease`)).length;
const diverted = async () => (await admin.keys(`{${namespace}:*}:diverted`)).length;
/** A relay that has all its leases. */
const startRelay = async (env: Readonly<Record<string, string>> = {}): Promise<Running> => {
  const relay = await start("relay", env);
  await eventually("it holds its leases", async () => (await owners()) === 4, DEADLINE_MS);
  return relay;
};

describe("parts that do not belong together", () => {
  test("nothing is taken before a relay has been there; then an edge needs none", async () => {
    const edge = await start("edge", {});
    expect(await post(edge)).toBe("503 unavailable");
    await becomes(edge, "503", "no relay has been at this Redis", "no relay has been at this Postgres");
    const relay = await startRelay();
    await answers(edge, "202 stream");
    await relay.stop();
    expect(await post(await start("edge", {}))).toBe("202 stream");
  });

  test("a relay that starts beside a full Redis takes its leases there, since what fills it has to come out", async () => {
    const first = await startRelay();
    const edge = await start("edge", {});
    await answers(edge, "202 stream");
    await first.stop();
    await eventually("its leases are free", async () => (await owners()) === 0, DEADLINE_MS);
    await admin.config("SET", "maxmemory", "1");
    try {
      await eventually("events go by the outbox", async () => (await post(edge)) === "202 outbox", DEADLINE_MS);
      await startRelay();
      await eventually("what is in the outbox diverts its shards", async () => (await diverted()) > 0, DEADLINE_MS);
    } finally {
      await admin.config("SET", "maxmemory", "0");
    }
    await answers(edge, "202 stream");
  });

  test("a REST server in front of another Redis: events go by the outbox, and nothing goes there", async () => {
    await startRelay();
    const edge = await start("edge", {});
    await answers(edge, "202 stream");
    const [own, stranger] = [rest, await startRedis()];
    await own.stop();
    const moved = await startRedisRest({ redisUrl: stranger.url, token: own.token, port: own.port });
    await eventually("it answers", async () => (await post(edge)).startsWith("202"), DEADLINE_MS);
    expect(await postMany(edge)).toEqual(new Set(["202 outbox"]));
    await becomes(edge, '"status":"degraded"', "no relay has been at this Redis");
    const there = new Redis(stranger.url, { protocol: 2 });
    expect(await there.keys("*stream*")).toEqual([]);
    there.disconnect();
    await moved.stop();
    rest = await startRedisRest({ redisUrl: redis.url, token: own.token, port: own.port });
    await answers(edge, "202 stream");
    await stranger.stop();
  });

  test("a mistyped NAMESPACE, of an edge and of a relay", async () => {
    await startRelay();
    const wrong = { NAMESPACE: `${namespace}x` };
    const [edge, relay] = [await start("edge", wrong), await start("relay", wrong)];
    expect(await postMany(edge)).toEqual(new Set(["503 wrong_installation"]));
    for (const app of [edge, relay])
      await becomes(app, "503", `NAMESPACE is ${namespace}x, but Postgres was set up with ${namespace}`);
    expect(await admin.keys(`*${namespace}x*`)).toEqual([`${namespace}x:meta`]);
    expect(await admin.hgetall(`${namespace}x:meta`)).toEqual({ probe: "1" });
    expect(await rowsIn()).toBe(0);
  });

  test("an edge with other SHARDS that starts while Redis is frozen", async () => {
    await startRelay();
    const edge = await whileFrozen(redis, async () => {
      const started = await start("edge", { SHARDS: "8" });
      expect(await postMany(started)).toEqual(new Set(["503 wrong_installation"]));
      return started;
    });
    await becomes(edge, "503", "SHARDS is 8, but Postgres was set up with 4", "SHARDS=4");
    expect(await postMany(edge)).toEqual(new Set(["503 wrong_installation"]));
    expect(await rowsIn()).toBe(0);
  });

  test("another DATABASE_URL: of nobody, and of another installation; it goes on when that is mended", async () => {
    await startRelay();
    const other = await otherDatabase();
    const edge = await start("edge", { DATABASE_URL: other });
    expect(await postMany(edge)).toEqual(new Set(["503 wrong_installation"]));
    await becomes(edge, "503", `installation ${await idIn()}`, "of none", "DATABASE_URL");
    const there = postgres(other, { max: 1, onnotice: () => undefined });
    await there`insert into installation (id, namespace, shards) values ('another', ${namespace}, 4)`;
    await becomes(edge, "503", `installation ${await idIn()}`, "of another", "DATABASE_URL");
    expect(await postMany(edge)).toEqual(new Set(["503 wrong_installation"]));
    expect(await there`select from outbox`).toHaveLength(0);
    await there`update installation set id = ${await idIn()}`;
    await answers(edge, "202 stream");
    await there.end();
  });

  test("a wrong edge and a wrong relay that speak first after FLUSHALL: both lose, and the right ones go on", async () => {
    const relay = await startRelay();
    const edge = await start("edge", {});
    await answers(edge, "202 stream");
    const id = await idIn();
    await whileFrozen(relay, async () => {
      await admin.flushall();
      const wrong = { SHARDS: "8" };
      const [wrongEdge, wrongRelay] = [await start("edge", wrong), await start("relay", wrong)];
      expect(await postMany(wrongEdge)).toEqual(new Set(["503 wrong_installation"]));
      await becomes(wrongRelay, "503", "SHARDS is 8, but Postgres was set up with 4");
      expect([await idIn(), await owners()]).toEqual([null, 0]);
      // Nobody has said yet that this Redis is ours: another one that is empty would look the same.
      expect(await postMany(edge)).toEqual(new Set(["202 outbox"]));
    });
    await answers(edge, "202 stream");
    expect(await idIn()).toBe(id);
    await eventually("what went by the outbox is moved", async () => (await rowsIn()) === 0, DEADLINE_MS);
    expect(await admin.hget(`${namespace}:meta`, "shards")).toBe("4");
  });

  test("a relay whose Redis turns out to be another installation's gives up its leases, and takes them again", async () => {
    const relay = await startRelay({ LEASE_TTL_MS: "1000" });
    const id = await idIn();
    await admin.hset(`${namespace}:meta`, "installation", "another");
    await becomes(relay, "503", "of installation another", `of ${id}`);
    await eventually("its leases have run out", async () => (await owners()) === 0, DEADLINE_MS);
    await admin.hset(`${namespace}:meta`, "installation", String(id));
    await eventually("it holds its leases", async () => (await owners()) === 4, DEADLINE_MS);
  });
});

test("an edge says that no relay has the lease of a shard that holds events", async () => {
  const relay = await startRelay({ LEASE_TTL_MS: "1000" });
  const edge = await start("edge", {});
  await relay.stop();
  await answers(edge, "202 stream");
  await becomes(edge, '"status":"degraded"', "no relay has the lease of shard");
  await startRelay({ LEASE_TTL_MS: "1000" });
  await becomes(edge, '"status":"up"');
});

describe("an edge starts with one of both", () => {
  test("with Redis alone", async () => {
    await startRelay();
    const edge = await start("edge", { DATABASE_URL: "postgres://postgres@127.0.0.1:1/postgres" });
    expect(await postMany(edge)).toEqual(new Set(["202 stream"]));
  });

  test("with Postgres alone", async () => {
    await startRelay();
    const edge = await start("edge", { UPSTASH_REDIS_REST_URL: "http://127.0.0.1:1" });
    await eventually("it takes events", async () => (await post(edge)) === "202 outbox", DEADLINE_MS);
  });
});
