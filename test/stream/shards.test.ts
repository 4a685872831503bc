import { agreeOnShards, connectRedis, createLeases, createShardStream } from "@spillway/stream";
import { createStreamTier, type StreamTier } from "@spillway/stream/tier";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chunkOf } from "../conformance/chunks.ts";
import { freshNamespace, limitsOf, REST_TOKEN, type StreamServices, startStreamServices } from "./services.ts";

const DEADLINE_MS = 30_000;

let services: StreamServices;
beforeAll(async () => {
  services = await startStreamServices();
});
afterAll(() => services.stop());

describe("the number of shards", () => {
  const open = () => {
    const namespace = freshNamespace();
    const server = connectRedis({ url: services.redis.url });
    const tier = (shards: number) =>
      createStreamTier({ url: services.rest.url, token: REST_TOKEN, namespace, shards, limits: limitsOf() });
    return {
      namespace,
      tier,
      overHttp: (shards: number) => tier(shards).agreeOnShards(DEADLINE_MS),
      overTcp: (shards: number) => agreeOnShards(server, namespace, shards),
      close: () => server.close(),
    };
  };

  test("is the first process's, over HTTP or TCP; every other must agree", async () => {
    for (const first of ["overHttp", "overTcp"] as const) {
      const it = open();
      expect(await it[first](4)).toEqual({ kind: "agreed" });
      expect(await it.overHttp(4)).toEqual({ kind: "agreed" });
      expect(await it.overTcp(4)).toEqual({ kind: "agreed" });
      expect(await it.overHttp(8)).toMatchObject({ kind: "disagreed", recorded: 4 });
      expect(await it.overTcp(8)).toMatchObject({ kind: "disagreed", recorded: 4 });
      it.close();
    }
  });

  test("is one, whoever of many starts first", async () => {
    const it = open();
    const numbers = Array.from({ length: 16 }, (_, i) => 1 + i);
    const answers = await Promise.all(numbers.map((n) => (n % 2 ? it.overHttp(n) : it.overTcp(n))));
    expect(answers.filter(({ kind }) => kind === "agreed")).toHaveLength(1);
    it.close();
  });

  test("is recorded again after Redis was emptied, by the next look at its health", async () => {
    const it = open();
    await it.overHttp(4);
    await services.admin.del(`${it.namespace}:meta`);
    expect(await it.tier(4).health(DEADLINE_MS)).toMatchObject({ status: "up" });
    expect(await services.admin.hget(`${it.namespace}:meta`, "shards")).toBe("4");
    it.close();
  });

  test("takes a process that disagrees out of service, with the way to reshard", async () => {
    const it = open();
    await it.overTcp(4);
    const health = await it.tier(8).health(DEADLINE_MS);
    expect(health).toMatchObject({ status: "down", code: "shards_differ" });
    expect(health.warnings[0]).toContain(`HDEL ${it.namespace}:meta shards`);
    await services.admin.hdel(`${it.namespace}:meta`, "shards");
    expect(await it.overHttp(8)).toEqual({ kind: "agreed" });
    it.close();
  });

  test("stands beside each shard's counters, and nothing is appended with another one", async () => {
    const it = open();
    const [four, eight] = [it.tier(4), it.tier(8)];
    const put = async (tier: StreamTier, shard: number) => (await tier.append([chunkOf(shard, ["a"])], DEADLINE_MS))[0];
    const streams = () => services.admin.keys(`{${it.namespace}:*}:stream`);
    expect(await put(four, 2)).toMatchObject({ kind: "ok", duplicates: [] });
    expect(await put(eight, 6)).toEqual({ kind: "retriable", code: "shards_differ" });
    expect(await put(eight, 2)).toEqual({ kind: "retriable", code: "shards_differ" });
    expect(await streams()).toEqual([`{${it.namespace}:2}:stream`]);

    // Redis is emptied while `four` runs on, and a process with another number comes first.
    for (const key of await services.admin.keys(`*${it.namespace}*`)) await services.admin.del(key);
    expect(await it.overHttp(8)).toEqual({ kind: "agreed" });
    expect(await put(four, 2)).toEqual({ kind: "retriable", code: "shards_differ" });
    expect(await put(eight, 6)).toMatchObject({ kind: "ok", duplicates: [] });
    expect(await streams()).toEqual([`{${it.namespace}:6}:stream`]);

    // Resharded by the book.
    await services.admin.hdel(`${it.namespace}:meta`, "shards");
    expect(await it.overHttp(4)).toEqual({ kind: "agreed" });
    expect(await put(four, 6)).toMatchObject({ kind: "ok", duplicates: [0] });
    expect(await put(eight, 6)).toEqual({ kind: "retriable", code: "shards_differ" });
    it.close();
  });

  test("stops the drain, too, before it appends", async () => {
    const it = open();
    await it.overTcp(4);
    const server = connectRedis({ url: services.redis.url });
    const stream = createShardStream({ redis: server, namespace: it.namespace, shards: 8, limits: limitsOf() });
    const lease = await createLeases({ redis: server, namespace: it.namespace }).take(6, "r", 10_000);
    if (lease === null) throw new Error("the lease is taken");
    expect(await stream.append(lease, chunkOf(6, ["a"]))).toEqual({ kind: "retriable", code: "shards_differ" });
    expect(await services.admin.exists(`{${it.namespace}:6}:stream`)).toBe(0);
    server.close();
    it.close();
  });

  test("is asked for once a shard and not with every append", async () => {
    const it = open();
    const tier = it.tier(4);
    const asked = async () =>
      Number(/cmdstat_hsetnx:calls=(\d+)/.exec(await services.admin.info("commandstats"))?.[1] ?? 0);
    const before = await asked();
    for (let n = 0; n < 20; n++) await tier.append([chunkOf(n % 2, [`n${n}`])], DEADLINE_MS);
    expect((await asked()) - before).toBe(2);
    it.close();
  });

  test("is unknown while Redis does not answer: boot goes on, and asks again", async () => {
    const nowhere = connectRedis({ url: "redis://127.0.0.1:1" });
    expect(await agreeOnShards(nowhere, "ns", 4)).toEqual({ kind: "unknown", code: "unreachable" });
    nowhere.close();
    const tier = createStreamTier({
      url: "http://127.0.0.1:1",
      token: "x",
      namespace: "ns",
      shards: 4,
      limits: limitsOf(),
    });
    expect(await tier.agreeOnShards(DEADLINE_MS)).toEqual({ kind: "unknown", code: "unreachable" });
  });
});
