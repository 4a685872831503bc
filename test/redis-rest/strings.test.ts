import type { Redis } from "@upstash/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newKey, type Stack, startStack } from "./rest.ts";

const ways = [
  { way: "one command a request, base64", options: { enableAutoPipelining: false } },
  { way: "automatic pipelines, base64", options: { enableAutoPipelining: true } },
  { way: "one command a request, plain", options: { enableAutoPipelining: false, responseEncoding: false } },
  { way: "automatic pipelines, plain", options: { enableAutoPipelining: true, responseEncoding: false } },
] as const;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

describe.each(ways)("strings through @upstash/redis: $way", ({ options }) => {
  let redis: Redis;
  let raw: Redis;
  beforeAll(() => {
    redis = stack.client(options);
    raw = stack.client({ ...options, automaticDeserialization: false });
  });

  test("SET and GET", async () => {
    const key = newKey();
    expect(await redis.get(key)).toBeNull();
    expect(await redis.set(key, "value")).toBe("OK");
    expect(await redis.get(key)).toBe("value");
    expect(await redis.set(key, "next", { get: true })).toBe("value");
    expect(await redis.set(key, "other", { nx: true })).toBeNull();
    expect(await redis.set(newKey(), "other", { xx: true })).toBeNull();
    expect(await redis.set(key, "short", { ex: 100 })).toBe("OK");
    expect(await redis.ttl(key)).toBe(100);
    expect(await redis.getdel(key)).toBe("short");
  });

  test.each([
    ["empty", ""],
    ["OK itself", "OK"],
    ["text that looks like base64", "abcd"],
    ["line ends and zeros", "a\r\n\u0000b\n"],
    ["quotes and backslashes", '"\\"\\\\'],
    ["non-Latin", "żółć 日本語 😀"],
    ["control characters", "\u0001\u001f\u007f\u2028"],
    ["what looks like RESP", "$3\r\nfoo\r\n*1\r\n"],
  ])("%s comes back as it was", async (_what, value) => {
    const key = newKey(value);
    await raw.set(key, value);
    expect(await raw.get(key)).toBe(value);
    expect(await raw.mget(key, newKey())).toEqual([value, null]);
    expect(await raw.strlen(key)).toBe(Buffer.byteLength(value));
  });

  test("values of any JSON type make the round trip", async () => {
    for (const value of [1, 1.5, true, false, null, { a: [1, "2", { b: null }] }, [1, [2]]]) {
      const key = newKey();
      await redis.set(key, value);
      expect(await redis.get(key)).toEqual(value);
    }
  });

  test("MSET, MSETNX, MGET", async () => {
    const [one, two, three] = [newKey(), newKey(), newKey()];
    expect(await redis.mset({ [one]: "1st", [two]: "2nd" })).toBe("OK");
    expect(await redis.msetnx({ [two]: "x", [three]: "3rd" })).toBe(0);
    expect(await redis.mget(one, two, three)).toEqual(["1st", "2nd", null]);
  });

  test("SETNX, SETEX, GETSET, APPEND, GETRANGE, SETRANGE", async () => {
    const key = newKey();
    expect(await redis.setnx(key, "Hello")).toBe(1);
    expect(await redis.setnx(key, "other")).toBe(0);
    expect(await redis.append(key, " World")).toBe(11);
    expect(await redis.getrange(key, -5, -1)).toBe("World");
    expect(await redis.setrange(key, 6, "Redis")).toBe(11);
    expect(await redis.getset(key, "new")).toBe("Hello Redis");
    expect(await redis.setex(key, 100, "again")).toBe("OK");
    expect(await redis.exists(key, newKey())).toBe(1);
    expect(await redis.del(key)).toBe(1);
  });

  test("counters", async () => {
    const key = newKey();
    expect(await redis.incr(key)).toBe(1);
    expect(await redis.incrby(key, 9)).toBe(10);
    expect(await redis.decrby(key, 3)).toBe(7);
    expect(await redis.decr(key)).toBe(6);
    expect(await redis.incrbyfloat(key, 0.5)).toBe(6.5);
    await expect(redis.incr(key)).rejects.toThrow("ERR value is not an integer or out of range");
  });

  test("replies that a TCP client would reshape stay as Redis sent them", async () => {
    const [hash, sorted] = [newKey("hash"), newKey("sorted")];
    expect(await redis.hgetall(hash)).toBeNull();
    await redis.hset(hash, { one: "1st", two: "2nd" });
    expect(await redis.hgetall(hash)).toEqual({ one: "1st", two: "2nd" });
    await redis.zadd(sorted, { score: 1.5, member: "a" }, { score: 2, member: "b" });
    expect(await redis.zrange(sorted, 0, -1, { withScores: true })).toEqual(["a", 1.5, "b", 2]);
    expect(await redis.zscore(sorted, "a")).toBe(1.5);
    expect(await redis.type(hash)).toBe("hash");
    const [cursor, keys] = await redis.scan(0, { match: hash, count: 10_000 });
    expect([cursor, keys]).toEqual(["0", [hash]]);
  });

  test("a reply of five megabytes", async () => {
    const key = newKey();
    const value = "0123456789abcdeé".repeat(300_000);
    await raw.set(key, value);
    expect(await raw.get(key)).toBe(value);
  });
});

describe("bytes that are no text", () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));

  test("go in as the body of a path and come out exact in base64, with U+FFFD otherwise", async () => {
    const key = newKey();
    expect(await (await stack.send(`/set/${key}?EX=100`, { method: "POST", body: bytes })).json()).toEqual({
      result: "OK",
    });
    const base64 = await stack.send(`/get/${key}`, { headers: { "Upstash-Encoding": "base64" } });
    expect(await base64.json()).toEqual({ result: bytes.toString("base64") });
    expect(await (await stack.send(`/get/${key}`)).json()).toEqual({ result: bytes.toString("utf8") });
    expect(await stack.post("/", ["STRLEN", key])).toEqual({ result: 256 });
  });

  test("BITOP NOT, Upstash's own example", async () => {
    const [from, to] = [newKey(), newKey()];
    await stack.post("/", ["SET", from, "abc"]);
    await stack.post("/", ["BITOP", "NOT", to, from]);
    const reply = await stack.post("/pipeline", [["GET", to]], { "Upstash-Encoding": "base64" });
    expect(reply).toEqual([{ result: Buffer.from([0x9e, 0x9d, 0x9c]).toString("base64") }]);
  });
});

describe("integers", () => {
  test("of 64 bits are kept exact in both directions", async () => {
    const key = newKey();
    const post = (body: string) => stack.send("/", { method: "POST", body }).then((response) => response.text());
    expect(await post(`["SET","${key}",9223372036854775806]`)).toBe('{"result":"OK"}');
    expect(await post(`["INCR","${key}"]`)).toBe('{"result":9223372036854775807}');
    const bitfield = `["BITFIELD","${newKey()}","SET","i64",0,-9223372036854775807,"GET","i64",0]`;
    expect(await post(bitfield)).toBe('{"result":[0,-9223372036854775807]}');
  });
});
