import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newKey, type Stack, startStack } from "./rest.ts";

let stack: Stack;
beforeAll(async () => {
  // One connection, so that whatever a command did to it is seen by the next one.
  stack = await startStack({ connections: 1 });
});
afterAll(() => stack.stop());

const refused = [
  ["AUTH", "password"],
  ["HELLO", 3],
  ["SELECT", 1],
  ["QUIT"],
  ["RESET"],
  ["CLIENT", "REPLY", "OFF"],
  ["client", "pause", 100_000],
  ["MULTI"],
  ["WATCH", "key"],
  ["SUBSCRIBE", "channel"],
  ["pSubscribe", "channel*"],
  ["MONITOR"],
  ["SYNC"],
  ["BLPOP", "none", 0],
  ["BRPOP", "none", 0],
  ["BLMOVE", "none", "other", "LEFT", "RIGHT", 0],
  ["BRPOPLPUSH", "none", "other", 0],
  ["BZPOPMIN", "none", 0],
  ["BLMPOP", 0, 1, "none", "LEFT"],
  ["XREAD", "BLOCK", 0, "STREAMS", "none", "$"],
  ["xread", "count", 1, "block", 0, "streams", "none", "$"],
  ["XREADGROUP", "GROUP", "g", "c", "COUNT", 1, "BLOCK", 0, "STREAMS", "none", ">"],
  ["XREADGROUP", "BLOCK", 0, "GROUP", "g", "c", "STREAMS", "none", ">"],
  ["WAIT", 1, 0],
  ["SCRIPT", "DEBUG", "YES"],
  ["SHUTDOWN"],
  ["DEBUG", "SLEEP", 100],
  ["CONFIG", "SET", "appendonly", "no"],
  ["CONFIG", "GET", "requirepass"],
  ["CONFIG", "GET", "*"],
  ["CONFIG", "GET", "appendonly", "requirepass"],
  ["REPLICAOF", "127.0.0.1", 1],
  ["ACL", "LIST"],
  ["MODULE", "LOAD", "x"],
  ["SAVE"],
];

describe("a connection that requests share", () => {
  test.each(refused)("%s %s … is refused in every form, and the connection lives on", async (...command) => {
    const error = expect.stringContaining(`ERR Command is not available: '${String(command[0]).toUpperCase()}'`);
    const path = `/${command.map(encodeURIComponent).join("/")}`;
    for (const [target, body] of [
      ["/", command],
      ["/multi-exec", [command]],
    ] as const) {
      const response = await stack.send(target, { method: "POST", body: JSON.stringify(body) });
      expect([response.status, await response.json()]).toEqual([400, { error }]);
    }
    const byPath = await stack.send(path);
    expect([byPath.status, await byPath.json()]).toEqual([400, { error }]);
    expect(await stack.post("/pipeline", [command, ["PING"]])).toEqual([{ error }, { result: "PONG" }]);
  });

  test.each([
    [["CONFIG", "GET", "appendonly"]],
    [["CONFIG", "GET", "appendfsync", "maxmemory-policy"]],
    [["INFO", "persistence"]],
    [["XREAD", "COUNT", 1, "STREAMS", "BLOCK", "0"]],
    [["SCRIPT", "EXISTS", "0"]],
    [["DBSIZE"]],
  ])("%j is allowed", async (command) => {
    const response = await stack.send("/", { method: "POST", body: JSON.stringify(command) });
    expect(response.status).toBe(200);
  });

  test("settings that a gateway checks are readable", async () => {
    expect(await stack.post("/", ["CONFIG", "GET", "appendfsync"])).toEqual({ result: ["appendfsync", "always"] });
  });

  test("a script that fails, an error and a huge reply leave nothing behind for the next request", async () => {
    const key = newKey();
    await stack.post("/", ["SET", key, "x".repeat(1_000_000)]);
    const requests = Array.from({ length: 60 }, async (_, index) => {
      if (index % 3 === 0) expect(await stack.post("/", ["EVAL", "error('x')", 0])).toHaveProperty("error");
      else if (index % 3 === 1) expect(await stack.post("/", ["GET", key])).toHaveProperty("result.length", 1_000_000);
      else expect(await stack.post("/", ["ECHO", `${index}`])).toEqual({ result: `${index}` });
    });
    await Promise.all(requests);
  });
});
