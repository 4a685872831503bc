import type { Redis } from "@upstash/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newKey, type Stack, startStack, until } from "./rest.ts";

/** What the client's own tests of its stream commands expect of the service. */
describe("streams through @upstash/redis", () => {
  let stack: Stack;
  let redis: Redis;

  beforeAll(async () => {
    stack = await startStack();
    redis = stack.client();
  });
  afterAll(() => stack.stop());

  const add = (key: string, fields: Record<string, unknown> = { field: "value" }) => redis.xadd(key, "*", fields);

  const group = async (entries: number) => {
    const key = newKey("stream");
    const ids: string[] = [];
    for (let index = 0; index < entries; index += 1) ids.push(await add(key, { index: `n${index}` }));
    await redis.xgroup(key, { type: "CREATE", group: "relay", id: "0", options: { MKSTREAM: true } });
    return { key, ids };
  };

  describe("XADD, XLEN, XRANGE, XREVRANGE, XDEL", () => {
    test("an added entry has an id, counts, and comes back with its fields", async () => {
      const key = newKey("stream");
      const id = await add(key, { text: "täxt", number: "1e400", json: '{"a":1.0}' });
      expect(id).toMatch(/^\d+-\d+$/);
      expect(await redis.xlen(key)).toBe(1);
      const plain = stack.client({ automaticDeserialization: false });
      expect(await plain.eval("return redis.call('XRANGE', KEYS[1], '-', '+')", [key], [])).toEqual([
        [id, ["text", "täxt", "number", "1e400", "json", '{"a":1.0}']],
      ]);
      expect(await redis.xrange(key, "-", "+")).toMatchObject({ [id]: { text: "täxt", json: { a: 1 } } });
    });

    test("COUNT limits a range, and a reverse range begins at the end", async () => {
      const key = newKey("stream");
      const ids = [await add(key), await add(key), await add(key)];
      expect(Object.keys(await redis.xrange(key, "-", "+", 2))).toEqual(ids.slice(0, 2));
      expect(Object.keys(await redis.xrevrange(key, "+", "-", 2))).toEqual([ids[2], ids[1]]);
    });

    test("NOMKSTREAM on a missing stream adds nothing and answers null", async () => {
      const key = newKey("stream");
      expect(await redis.xadd(key, "*", { a: "b" }, { nomkStream: true })).toBeNull();
      expect(await redis.xlen(key)).toBe(0);
    });

    test("XADD trims by length and by id", async () => {
      const key = newKey("stream");
      const trim = { type: "MAXLEN", comparison: "=", threshold: 2 } as const;
      for (let round = 0; round < 5; round += 1) await redis.xadd(key, "*", { a: "b" }, { trim });
      expect(await redis.xlen(key)).toBe(2);
      const last = await add(key);
      await redis.xadd(key, "*", { a: "b" }, { trim: { type: "MINID", comparison: "=", threshold: last } });
      expect(Object.keys(await redis.xrange(key, "-", "+"))[0]).toBe(last);
    });

    test("XDEL removes the named entries only", async () => {
      const key = newKey("stream");
      const ids = [await add(key), await add(key), await add(key)];
      expect(await redis.xdel(key, [ids[0] ?? "", ids[1] ?? "", "1-1"])).toBe(2);
      expect(Object.keys(await redis.xrange(key, "-", "+"))).toEqual([ids[2]]);
    });

    test("an id that is not larger than the last one is refused with Redis's own words", async () => {
      const key = newKey("stream");
      await redis.xadd(key, "5-5", { a: "b" });
      await expect(redis.xadd(key, "5-5", { a: "b" })).rejects.toThrow(
        "ERR The ID specified in XADD is equal or smaller",
      );
    });
  });

  describe("XREAD", () => {
    test("reads what is there, from several streams, and null where there is nothing", async () => {
      const [one, two, none] = [newKey("stream"), newKey("stream"), newKey("stream")];
      const first = await add(one, { a: "1st" });
      await add(one, { a: "2nd" });
      const third = await add(two, { b: "3rd" });
      expect(await redis.xread([one, two, none], ["0-0", "0-0", "0-0"], { count: 1 })).toEqual([
        [one, [[first, ["a", "1st"]]]],
        [two, [[third, ["b", "3rd"]]]],
      ]);
      expect(await redis.xread(none, "0-0")).toBeNull();
    });

    test("BLOCK is refused, even behind other options", async () => {
      const key = newKey("stream");
      await expect(redis.xread(key, "0-0", { count: 1, blockMS: 1 })).rejects.toThrow(
        "Command is not available: 'XREAD'",
      );
      await expect(redis.xread(key, "0-0", { blockMS: 0 })).rejects.toThrow("would block");
    });
  });

  describe("consumer groups", () => {
    test("a group is created once, on a stream that exists unless MKSTREAM is given", async () => {
      const key = newKey("stream");
      const create = { type: "CREATE", group: "relay", id: "0" } as const;
      await expect(redis.xgroup(key, create)).rejects.toThrow("ERR The XGROUP subcommand requires the key to exist");
      expect(await redis.xgroup(key, { ...create, options: { MKSTREAM: true } })).toBe("OK");
      await expect(redis.xgroup(key, create)).rejects.toThrow("BUSYGROUP");
      expect(await redis.xgroup(key, { type: "SETID", group: "relay", id: "$" })).toBe("OK");
      expect(await redis.xgroup(key, { type: "CREATECONSUMER", group: "relay", consumer: "c" })).toBe(1);
      expect(await redis.xgroup(key, { type: "DELCONSUMER", group: "relay", consumer: "c" })).toBe(0);
      expect(await redis.xgroup(key, { type: "DESTROY", group: "relay" })).toBe(1);
      expect(await redis.xgroup(key, { type: "DESTROY", group: "relay" })).toBe(0);
    });

    test("XREADGROUP hands each entry out once; XACK takes it off the pending list", async () => {
      const { key, ids } = await group(3);
      const read = (consumer: string, count: number) => redis.xreadgroup("relay", consumer, key, ">", { count });
      expect(await read("a", 2)).toEqual([[key, ids.slice(0, 2).map((id, index) => [id, ["index", `n${index}`]])]]);
      expect(await read("b", 5)).toEqual([[key, [[ids[2], ["index", "n2"]]]]]);
      expect(await read("a", 5)).toBeNull();
      expect(await redis.xreadgroup("relay", "a", key, "0")).toEqual([[key, [expect.anything(), expect.anything()]]]);
      expect(await redis.xack(key, "relay", ids)).toBe(3);
      expect(await redis.xack(key, "relay", ids)).toBe(0);
      expect(await redis.xreadgroup("relay", "a", key, "0")).toEqual([[key, []]]);
    });

    test("NOACK leaves nothing pending", async () => {
      const { key } = await group(1);
      await redis.xreadgroup("relay", "a", key, ">", { NOACK: true });
      expect(await redis.xpending(key, "relay", "-", "+", 10)).toEqual([]);
    });

    test("BLOCK is refused; a group, consumer or key of that name is not", async () => {
      const { key } = await group(1);
      await expect(redis.xreadgroup("relay", "a", key, ">", { blockMS: 1 })).rejects.toThrow("'XREADGROUP'");
      await redis.xadd("block", "*", { a: "b" });
      await redis.xgroup("block", { type: "CREATE", group: "BLOCK", id: "0" });
      expect(await redis.xreadgroup("BLOCK", "block", "block", ">")).toHaveLength(1);
    });

    test("a missing group is told in Redis's own words", async () => {
      await expect(redis.xreadgroup("none", "a", newKey("stream"), ">")).rejects.toThrow("NOGROUP");
    });

    test("XPENDING lists by range, consumer and idle time", async () => {
      const { key, ids } = await group(2);
      await redis.xreadgroup("relay", "a", key, ">", { count: 1 });
      await redis.xreadgroup("relay", "b", key, ">", { count: 1 });
      expect(await redis.xpending(key, "relay", "-", "+", 10)).toEqual([
        [ids[0], "a", expect.any(Number), 1],
        [ids[1], "b", expect.any(Number), 1],
      ]);
      expect(await redis.xpending(key, "relay", "-", "+", 10, { consumer: "b" })).toHaveLength(1);
      expect(await redis.xpending(key, "relay", "-", "+", 10, { idleTime: 3_600_000 })).toEqual([]);
      const idle = () => redis.xpending(key, "relay", "-", "+", 10, { idleTime: 5 });
      await until(idle, (entries) => entries.length === 2);
    });

    test("XCLAIM moves an entry to another consumer, whole or as its id", async () => {
      const { key, ids } = await group(2);
      const [first = "", second = ""] = ids;
      await redis.xreadgroup("relay", "a", key, ">");
      expect(await redis.xclaim(key, "relay", "b", 0, first)).toEqual([[first, ["index", "n0"]]]);
      expect(await redis.xclaim(key, "relay", "b", 0, [first, second], { justId: true })).toEqual(ids);
      expect(await redis.xpending(key, "relay", "-", "+", 10, { consumer: "b" })).toHaveLength(2);
      expect(await redis.xclaim(key, "relay", "c", 3_600_000, first)).toEqual([]);
    });

    test("XAUTOCLAIM claims from a cursor in id order and names deleted entries", async () => {
      const { key, ids } = await group(3);
      const [first = "", second = "", third = ""] = ids;
      await redis.xreadgroup("relay", "a", key, ">");
      await redis.xdel(key, second);
      expect(await redis.xautoclaim(key, "relay", "b", 0, "0-0", { count: 1 })).toEqual([
        second,
        [[first, ["index", "n0"]]],
        [],
      ]);
      expect(await redis.xautoclaim(key, "relay", "b", 0, second)).toEqual([
        "0-0",
        [[third, ["index", "n2"]]],
        [second],
      ]);
      expect(await redis.xautoclaim(key, "relay", "c", 0, "0-0", { justId: true })).toEqual([
        "0-0",
        [first, third],
        [],
      ]);
    });

    test("XINFO shows groups and consumers", async () => {
      const { key } = await group(2);
      await redis.xreadgroup("relay", "a", key, ">", { count: 1 });
      const groups = await redis.xinfo(key, { type: "GROUPS" });
      expect(groups).toEqual([expect.arrayContaining(["name", "relay", "consumers", 1, "pending", 1, "lag", 1])]);
      const consumers = await redis.xinfo(key, { type: "CONSUMERS", group: "relay" });
      expect(consumers).toEqual([expect.arrayContaining(["name", "a", "pending", 1])]);
      expect(await redis.xinfo(newKey("stream"), { type: "GROUPS" }).catch(String)).toContain("ERR no such key");
    });

    test("the lag is null after a deletion, as Redis says it", async () => {
      const { key, ids } = await group(3);
      await redis.xdel(key, ids[1] ?? "");
      const [info] = (await redis.xinfo(key, { type: "GROUPS" })) as unknown[][];
      expect(info?.[(info?.indexOf("lag") ?? 0) + 1]).toBeNull();
    });
  });

  describe("XTRIM", () => {
    test("by length and by id", async () => {
      const key = newKey("stream");
      for (let sequence = 1; sequence <= 20; sequence += 1) await redis.xadd(key, `7-${sequence}`, { a: "b" });
      expect(await redis.xtrim(key, { strategy: "MINID", exactness: "=", threshold: "7-6" })).toBe(5);
      expect(await redis.xtrim(key, { strategy: "MAXLEN", exactness: "=", threshold: 10 })).toBe(5);
      expect(await redis.xlen(key)).toBe(10);
      expect(await redis.xtrim(key, { strategy: "MAXLEN", exactness: "=", threshold: 0 })).toBe(10);
    });

    test("about a length, with a limit", async () => {
      const key = newKey("stream");
      const pipeline = redis.pipeline();
      for (let sequence = 1; sequence <= 1_000; sequence += 1) pipeline.xadd(key, `7-${sequence}`, { a: "b" });
      await pipeline.exec();
      expect(await redis.xtrim(key, { strategy: "MAXLEN", threshold: 100, limit: 150 })).toBeLessThanOrEqual(150);
      await redis.xtrim(key, { strategy: "MAXLEN", threshold: 100 });
      expect(await redis.xlen(key)).toBeGreaterThanOrEqual(100);
      expect(await redis.xlen(key)).toBeLessThan(300);
    });
  });
});
