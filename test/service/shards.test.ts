import { startApp, startPostgres, startRedis, startRedisRest } from "@spillway/backends";
import { runMigrations } from "@spillway/drizzle";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { API_KEY, entryOf, KEY } from "../support/world.ts";

/* Two edges that disagree about SHARDS, after Redis was emptied between them: one key must never be in two shards. */
test("an edge that ran on with another number of shards stores nothing, and ends with the reason", async () => {
  const [redis, database] = await Promise.all([startRedis(), startPostgres()]);
  await runMigrations(database.url);
  const rest = await startRedisRest({ redisUrl: redis.url });
  const admin = new Redis(redis.url, { protocol: 2 });
  const env = {
    API_KEYS: API_KEY,
    UPSTASH_REDIS_REST_URL: rest.url,
    UPSTASH_REDIS_REST_TOKEN: rest.token,
    DATABASE_URL: database.url,
    NAMESPACE: "shards",
    STOP_DELAY_MS: "0",
  };
  const edge = (SHARDS: string) => startApp({ name: "edge", entry: entryOf("edge"), env: { ...env, SHARDS } });
  const post = (url: string) =>
    fetch(`${url}/v1/events`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body: '{"id":"order-1","type":"t","subject":"customer-2"}',
    }).then(
      ({ status }) => status,
      () => "ended",
    );
  const four = await edge("4");
  expect(await post(four.url)).toBe(202);
  await admin.flushall();
  const eight = await edge("8");
  expect(await post(eight.url)).toBe(202);
  expect(await post(four.url)).toBe("ended");
  expect((await four.exited()).code).toBe(1);
  expect(await admin.keys("{shards:*}:stream")).toHaveLength(1);
  expect(await Bun.file(four.logFile).text()).toContain("SHARDS is 4, but this Redis was set up with 8");
  admin.disconnect();
  for (const each of [four, eight, rest, redis, database]) await each.stop();
});
