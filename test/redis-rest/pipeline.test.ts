import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newKey, type Stack, startStack } from "./rest.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

describe("pipelines through @upstash/redis", () => {
  test("answers come in the order of the commands", async () => {
    const key = newKey();
    const pipeline = stack.client().pipeline();
    for (let index = 0; index < 1_000; index += 1) pipeline.incr(key);
    expect(await pipeline.exec()).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
  });

  test("an empty pipeline is refused by the client, and by the server", async () => {
    await expect(stack.client().pipeline().exec()).rejects.toThrow("Pipeline is empty");
    const response = await stack.send("/pipeline", { method: "POST", body: "[]" });
    expect([response.status, await response.json()]).toEqual([400, { error: "ERR the body holds no command" }]);
  });

  test("an error is thrown with the place and name of its command, and the other commands have run", async () => {
    const key = newKey();
    const pipeline = stack.client().pipeline().set(key, "text").incr(key).set(newKey(), 1).append(key, "!");
    await expect(pipeline.exec()).rejects.toThrow("Command 2 [ incr ] failed: ERR value is not an integer");
    expect(await stack.client().get(key)).toBe("text!");
  });

  test("keepErrors gives every result and every error in its place", async () => {
    const key = newKey();
    const pipeline = stack.client().pipeline().set(key, "text").incr(key).get(key).evalsha("0".repeat(40), [], []);
    const results = await pipeline.exec({ keepErrors: true });
    expect(results.map(({ error, result }) => error ?? result)).toEqual([
      "OK",
      "ERR value is not an integer or out of range",
      "text",
      "NOSCRIPT No matching script. Please use EVAL.",
    ]);
  });

  test("the wire format: 200, one object a command, with result or error", async () => {
    const key = newKey();
    const commands = [
      ["SET", key, "valuex"],
      ["SETEX", newKey(), 13, "valuez"],
      ["INCR", key],
      ["ZADD", newKey(), 11, "item1", 22, "item2"],
    ];
    const response = await stack.send("/pipeline", { method: "POST", body: JSON.stringify(commands) });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual([
      { result: "OK" },
      { result: "OK" },
      { error: "ERR value is not an integer or out of range" },
      { result: 2 },
    ]);
  });

  test("a refused command gets its error in its place and the others run", async () => {
    const key = newKey();
    const replies = await stack.post("/pipeline", [
      ["SET", key, "1"],
      ["BLPOP", key, 0],
      ["INCR", key],
    ]);
    expect(replies).toEqual([{ result: "OK" }, { error: expect.stringContaining("'BLPOP'") }, { result: 2 }]);
    expect(await stack.post("/pipeline", [["WATCH", key]])).toEqual([{ error: expect.stringContaining("'WATCH'") }]);
  });

  test("one malformed command refuses the whole pipeline before anything runs", async () => {
    const key = newKey();
    for (const wrong of [[], "PING", ["GET", null], [1], [["GET"]], ["SET", key, {}]]) {
      const response = await stack.send("/pipeline", { method: "POST", body: JSON.stringify([["INCR", key], wrong]) });
      expect([response.status, await response.json()]).toEqual([400, { error: expect.stringMatching(/^ERR /) }]);
    }
    expect(await stack.post("/", ["EXISTS", key])).toEqual({ result: 0 });
  });

  test("many requests at once over few connections: each gets its own answers", async () => {
    const seed = Date.now() % 1_000_000;
    console.info(`seed ${seed}`);
    const random = (index: number, below: number) =>
      createHash("sha256").update(`${seed}:${index}`).digest().readUInt32BE() % below;
    const requests = Array.from({ length: 400 }, async (_, index) => {
      const values = Array.from({ length: 1 + random(index, 6) }, (_, at) =>
        `${index}.${at}`.repeat(1 + random(index + at, 3_000)),
      );
      const replies = await stack.post(
        "/pipeline",
        values.map((value) => ["ECHO", value]),
      );
      expect(replies).toEqual(values.map((result) => ({ result })));
    });
    await Promise.all(requests);
  });

  test("use all the things: the client's own long pipeline, where this Redis has the command", async () => {
    const [list, renamed, script] = [newKey(), newKey(), "return 1"];
    const pipeline = stack
      .client()
      .pipeline()
      .append(newKey(), "hello")
      .bitcount(newKey(), 0, 1)
      .bitop("and", newKey(), newKey())
      .bitpos(newKey(), 1, 0)
      .dbsize()
      .echo("hello")
      .eval("return ARGV[1]", [], ["Hello"])
      .expire(newKey(), 5)
      .hset(newKey(), { field: "value" })
      .hrandfield(newKey(), 3, true)
      .hscan(newKey(), 0)
      .lpush(list, "element")
      .lmove(newKey(), newKey(), "left", "right")
      .mset({ [newKey()]: "value" })
      .ping()
      .publish("test", "hello")
      .rename(list, renamed)
      .sadd(newKey(), "member1", "member2")
      .scan(0)
      .scriptLoad(script)
      .time()
      .type(renamed)
      .unlink(newKey())
      .zadd(newKey(), { score: 0, member: "member" })
      .zscan(newKey(), 0)
      .zunion(1, [newKey()])
      .geoadd(newKey(), { longitude: 13.36, latitude: 38.11, member: "Palermo" })
      .pfadd(newKey(), "a", "b")
      .flushdb();
    const results = await pipeline.exec();
    expect(results).toHaveLength(29);
    expect(results.at(-1)).toBe("OK");
  });
});
