import { createHash } from "node:crypto";
import type { Redis } from "@upstash/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newKey, type Stack, startStack } from "./rest.ts";

const sha1 = (script: string) => createHash("sha1").update(script).digest("hex");

describe("scripts through @upstash/redis", () => {
  let stack: Stack;
  let redis: Redis;

  beforeAll(async () => {
    stack = await startStack();
    redis = stack.client({ automaticDeserialization: false });
  });
  afterAll(() => stack.stop());

  test("EVAL gets its keys and arguments as they were sent", async () => {
    const key = newKey();
    const script = "return {KEYS[1], ARGV[1], ARGV[2], #ARGV}";
    expect(await redis.eval(script, [key], ["ä\u0000\r\n", "1e400"])).toEqual([key, "ä\u0000\r\n", "1e400", 2]);
  });

  test("every type of reply", async () => {
    expect(await redis.eval("return 42", [], [])).toBe(42);
    expect(await redis.eval("return -1", [], [])).toBe(-1);
    expect(await redis.eval("return nil", [], [])).toBeNull();
    expect(await redis.eval("return false", [], [])).toBeNull();
    expect(await redis.eval("return true", [], [])).toBe(1);
    expect(await redis.eval("return 3.99", [], [])).toBe(3);
    expect(await redis.eval("return ''", [], [])).toBe("");
    expect(await redis.eval("return {}", [], [])).toEqual([]);
    expect(await redis.eval("return redis.status_reply('DONE')", [], [])).toBe("DONE");
    expect(await redis.eval("return {1, {'two', {false, 'OK'}}, 'OK'}", [], [])).toEqual([
      1,
      ["two", [null, "OK"]],
      "OK",
    ]);
  });

  test("an error of the script is an error of the request, one inside a reply stays inside", async () => {
    await expect(redis.eval("return redis.error_reply('FULL backlog')", [], [])).rejects.toThrow("FULL backlog");
    await expect(redis.eval("error('boom')", [], [])).rejects.toThrow("boom");
    const reply = await stack.post("/", ["EVAL", "return {1, redis.error_reply('INNER x')}", 0]);
    expect(reply).toEqual({ result: [1, { error: "INNER x" }] });
  });

  test("EVALSHA answers NOSCRIPT until the script is known; EVAL makes it known", async () => {
    const script = `return ARGV[1] .. '${newKey()}'`;
    await expect(redis.evalsha(sha1(script), [], ["x"])).rejects.toThrow("NOSCRIPT");
    const result = await redis.eval(script, [], ["x"]);
    expect(await redis.evalsha(sha1(script), [], ["x"])).toBe(result);
  });

  test("SCRIPT LOAD, EXISTS and FLUSH", async () => {
    const script = `return '${newKey()}'`;
    const sha = await redis.scriptLoad(script);
    expect(sha).toBe(sha1(script));
    expect(await redis.scriptExists(sha, sha1("other"))).toEqual([1, 0]);
    expect(await redis.scriptFlush({ sync: true })).toBe("OK");
    expect(await redis.scriptExists(sha)).toEqual([0]);
  });

  test("the client's script object: EVALSHA first, EVAL on NOSCRIPT", async () => {
    const script = redis.createScript<string>(`return ARGV[1] .. '!${newKey()}'`);
    expect(await script.exec([], ["a"])).toContain("a!");
    expect(await script.exec([], ["b"])).toContain("b!");
  });

  test("a read-only script cannot write", async () => {
    await expect(redis.evalRo("return redis.call('SET', KEYS[1], '1')", [newKey()], [])).rejects.toThrow("ERR Write");
  });

  test("a pipeline of EVALSHA with large base64 arguments, the gateway's traffic", async () => {
    const script = "redis.call('SET', KEYS[1], ARGV[1]) return {redis.sha1hex(ARGV[1]), '', tonumber(ARGV[2])}";
    const sha = await redis.scriptLoad(script);
    const chunks = [1, 10, 100, 1_000].map((kib) => Buffer.alloc(kib * 768, `${kib}é`).toString("base64"));
    const pipeline = redis.pipeline();
    for (const [index, chunk] of chunks.entries()) pipeline.evalsha(sha, [newKey()], [chunk, String(index)]);
    expect(await pipeline.exec()).toEqual(chunks.map((chunk, index) => [sha1(chunk), "", index]));
  });
});
