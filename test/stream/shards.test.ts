import { agreeOnShards, connectRedis } from "@spillway/stream";
import { createStreamTier } from "@spillway/stream/tier";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
