import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newKey, type Stack, startStack } from "./rest.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const send = async (commands: unknown) => {
  const response = await stack.send("/multi-exec", { method: "POST", body: JSON.stringify(commands) });
  return [response.status, await response.json()];
};

describe("transactions", () => {
  test("through @upstash/redis", async () => {
    const key = newKey();
    const transaction = stack.client().multi().set(key, "value").get(key).del(key);
    expect(await transaction.exec()).toEqual(["OK", "value", 1]);
  });

  test("replies keep their shape and their bytes inside EXEC", async () => {
    const [hash, sorted] = [newKey(), newKey()];
    const transaction = stack
      .client()
      .multi()
      .hset(hash, { a: "ä", b: "OK" })
      .hgetall(hash)
      .zadd(sorted, { score: 1, member: "m" });
    expect(await transaction.exec()).toEqual([2, { a: "ä", b: "OK" }, 1]);
    expect(
      await send([
        ["HGETALL", hash],
        ["ZRANGE", sorted, 0, -1, "WITHSCORES"],
        ["GET", newKey()],
      ]),
    ).toEqual([200, [{ result: ["a", "ä", "b", "OK"] }, { result: ["m", "1"] }, { result: null }]]);
  });

  test("an error while running is that command's own; the others run", async () => {
    const key = newKey();
    expect(
      await send([
        ["SET", key, "valuex"],
        ["INCR", key],
        ["APPEND", key, "!"],
      ]),
    ).toEqual([200, [{ result: "OK" }, { error: "ERR value is not an integer or out of range" }, { result: 7 }]]);
  });

  test.each([
    ["unknown to Redis", ["NOPE", "x"], /^EXECABORT .*ERR unknown command 'NOPE'/],
    ["wrongly built", ["SET", "alone"], /^EXECABORT .*wrong number of arguments for 'set'/],
    ["refused", ["WATCH", "key"], /'WATCH'/],
    ["blocking", ["BLPOP", "key", 0], /'BLPOP'/],
    ["nested", ["MULTI"], /'MULTI'/],
    ["ending early", ["EXEC"], /'EXEC'/],
    ["malformed", ["GET", null], /an argument is null/],
  ])("a command that is %s discards the whole", async (_what, wrong, error) => {
    const key = newKey();
    expect(await send([["INCR", key], wrong, ["INCR", key]])).toEqual([400, { error: expect.stringMatching(error) }]);
    expect(await stack.post("/", ["GET", key])).toEqual({ result: null });
  });

  test("an empty transaction is refused", async () => {
    expect(await send([])).toEqual([400, { error: "ERR the body holds no command" }]);
  });

  test("base64 leaves OK alone and encodes the rest", async () => {
    const key = newKey();
    const replies = await stack.post(
      "/multi-exec",
      [
        ["SET", key, "OK"],
        ["GET", key],
        ["MGET", key],
      ],
      { "upstash-encoding": "base64" },
    );
    expect(replies).toEqual([{ result: "OK" }, { result: "OK" }, { result: ["T0s="] }]);
  });

  // Redis reads a megabyte in many turns of its loop and serves other connections between them.
  test("nothing of another request runs between the commands of a transaction", async () => {
    const key = newKey();
    const padding = "x".repeat(1_000_000);
    let done = false;
    const others = async () => {
      while (!done) await stack.post("/pipeline", [["INCR", key]]);
    };
    const transactions = async () => {
      for (let round = 0; round < 20; round += 1) {
        const body = [
          ["INCR", key],
          ["SET", `${key}:padding`, padding],
          ["INCR", key],
        ];
        const [first, , third] = (await stack.post("/multi-exec", body)) as { result: number }[];
        expect(third?.result).toBe((first?.result ?? 0) + 1);
      }
      done = true;
    };
    await Promise.all([transactions(), ...Array.from({ length: 8 }, others)]);
  });
});
