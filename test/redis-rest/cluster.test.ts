import { type RedisCluster, startRedisCluster } from "@spillway/backends";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newKey, type Rest, startRest, until } from "./rest.ts";

let cluster: RedisCluster;
let rest: Rest;

beforeAll(async () => {
  cluster = await startRedisCluster();
  rest = await startRest(cluster.urls.slice(0, 2), { connections: 2, limits: { replyMsMax: 1_000 } });
});
afterAll(async () => {
  await rest?.stop();
  await cluster?.stop();
});

type Element = { readonly result?: unknown; readonly error?: string };

/** Slots 0, 5461 and 10923 begin the three masters' ranges; these tags hash into one range each. */
const tags = ["{b}", "{c}", "{a}"];
const pipeline = (commands: unknown) => rest.post("/pipeline", commands) as Promise<Element[]>;
const shape = (commands: unknown, path: string) =>
  rest
    .send(path, { method: "POST", body: JSON.stringify(commands) })
    .then(async (response) => [response.status, await response.json()]);

describe("in front of a Redis Cluster", () => {
  test("the commands of one pipeline go to many slots, and each gets its own answer", async () => {
    const keys = Array.from({ length: 200 }, () => newKey());
    expect(await pipeline(keys.map((key) => ["SET", key, `of ${key}`]))).toEqual(keys.map(() => ({ result: "OK" })));
    expect(await pipeline(keys.map((key) => ["GET", key]))).toEqual(keys.map((key) => ({ result: `of ${key}` })));
    expect(await pipeline([["MGET", ...keys]])).toEqual([{ error: expect.stringContaining("CROSSSLOT") }]);
  });

  test("the order of the commands of one slot is kept", async () => {
    const key = newKey();
    const replies = await pipeline(Array.from({ length: 500 }, () => ["INCR", key]));
    expect(replies).toEqual(replies.map((_, index) => ({ result: index + 1 })));
  });

  test("scripts and streams through @upstash/redis", async () => {
    const client = rest.client({ automaticDeserialization: false });
    const script = "return redis.call('XADD', KEYS[1], '*', 'chunk', ARGV[1])";
    for (const tag of tags) {
      const id = await client.createScript<string>(script).exec([`${tag}:stream`], [tag]);
      expect(id).toMatch(/^\d+-\d+$/);
      expect(await client.xread(`${tag}:stream`, "0-0")).toEqual([[`${tag}:stream`, [[id, ["chunk", tag]]]]]);
    }
  });

  test("a transaction takes one slot", async () => {
    for (const tag of tags) {
      const commands = [
        ["SET", `${tag}:n`, "1"],
        ["INCR", `${tag}:n`],
        ["HGETALL", `${tag}:none`],
      ];
      expect(await shape(commands, "/multi-exec")).toEqual([200, [{ result: "OK" }, { result: 2 }, { result: [] }]]);
    }
    for (const [one, other] of [
      ["{a}:x", "{b}:x"],
      ["{a}:x", "{c}:x"],
    ]) {
      const [status, body] = await shape(
        [
          ["INCR", one],
          ["INCR", other],
        ],
        "/multi-exec",
      );
      expect([status, body]).toEqual([400, { error: expect.stringContaining("CROSSSLOT") }]);
      expect(
        await pipeline([
          ["EXISTS", one],
          ["EXISTS", other],
        ]),
      ).toEqual([{ result: 0 }, { result: 0 }]);
    }
  });

  test("a command whose connection was lost is not sent to another node again", async () => {
    const impatient = await startRest(cluster.urls.slice(0, 2), { connections: 1, limits: { replyMsMax: 300 } });
    const [frozen] = cluster.nodes;
    const incr = (key: string) => impatient.post("/", ["INCR", key]) as Promise<Element>;
    try {
      const keys = Array.from({ length: 30 }, () => newKey("once"));
      await frozen?.kill("SIGSTOP");
      const first = await Promise.all(keys.map(incr));
      await frozen?.kill("SIGCONT");
      expect(first.filter(({ error }) => error !== undefined).length).toBeGreaterThan(0);
      // A second execution comes with the next connection to the node, some 100 ms later: 60 looks of 20 ms each.
      let looks = 0;
      const values = await until(
        () => pipeline(keys.map((key) => ["GET", key])),
        (replies) => replies.every(({ error }) => error === undefined) && looks++ > 60,
      );
      expect(values.filter(({ result }) => result !== "1" && result !== null)).toEqual([]);
    } finally {
      await frozen?.kill("SIGCONT");
      await impatient.stop();
    }
  });

  test("a dead master fails its own slots only, and its replica takes them over", async () => {
    const keys = Array.from({ length: 30 }, () => newKey("taken-over"));
    await pipeline(keys.map((key) => ["SET", key, "kept"]));
    const [victim] = cluster.nodes;
    await victim?.kill("SIGKILL");
    const broken = await pipeline(keys.map((key) => ["GET", key]));
    expect(broken.filter(({ result }) => result === "kept").length).toBeGreaterThan(0);
    for (const { result, error } of broken)
      expect(result ?? error).toMatch(/^(kept|LOST|UNAVAILABLE|TIMEOUT|CLUSTERDOWN)/);
    const all = await until(
      () => pipeline(keys.map((key) => ["GET", key])),
      (replies) => Array.isArray(replies) && replies.every(({ result }) => result === "kept"),
    );
    expect(all).toHaveLength(keys.length);
    await until(
      () => pipeline(keys.map((key) => ["SET", key, "again"])),
      (replies) => Array.isArray(replies) && replies.every(({ result }) => result === "OK"),
    );
  });

  test("all nodes killed −9: an error at once, and recovery when they are back", async () => {
    const ping = () => rest.send("/get/key").then(({ status }) => status);
    await Promise.all(cluster.nodes.map((node) => node.kill("SIGKILL")));
    await until(ping, (status) => status === 503);
    await Promise.all(cluster.nodes.map((node) => node.restart()));
    await until(ping, (status) => status === 200);
    for (const tag of tags)
      await until(
        () => rest.send(`/set/${tag}/back`),
        ({ status }) => status === 200,
      );
  });
});
