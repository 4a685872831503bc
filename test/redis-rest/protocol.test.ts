import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newKey, type Stack, startStack } from "./rest.ts";

const BODY_BYTES_MAX = 20_000;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ limits: { bodyBytesMax: BODY_BYTES_MAX, bodyMsMax: 200, commandsMax: 100 } });
});
afterAll(() => stack.stop());

const answer = async (response: Response) => [response.status, await response.json()];
const error = (text: string) => ({ error: expect.stringContaining(text) });
const post = async (path: string, body: string | Uint8Array<ArrayBuffer>) =>
  answer(await stack.send(path, { method: "POST", body }));

/** Sends bytes as they are and resolves with all that comes back until the server closes. */
const exchange = (parts: readonly (string | Buffer)[]): Promise<string> => {
  const { port } = new URL(stack.url);
  return new Promise((resolve, reject) => {
    let reply = "";
    const socket = connect(Number(port), "127.0.0.1", () => {
      for (const part of parts) socket.write(part);
    });
    socket.on("data", (bytes) => {
      reply += bytes;
    });
    socket.on("close", () => resolve(reply));
    socket.on("error", (cause: NodeJS.ErrnoException) => (reply === "" ? reject(cause) : resolve(reply)));
  });
};

/** Sends the head and then, for as long as the connection lives, a byte of its body now and then; resolves with the answer. */
const dribble = (head: string): Promise<string> => {
  const { port } = new URL(stack.url);
  return new Promise((resolve) => {
    let reply = "";
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(`${head}\r\ncontent-length: 15000\r\n\r\n{`));
    const more = setInterval(() => socket.write(" "), 100);
    socket.on("data", (bytes) => {
      reply += bytes;
    });
    // A byte that was on its way when the server closed is answered with a reset; the close follows.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      clearInterval(more);
      resolve(reply);
    });
  });
};

describe("a body that never ends", () => {
  const right = "host: x\r\nauthorization: Bearer token-of-a-test";

  test.each([
    [401, "POST / HTTP/1.1\r\nhost: x"],
    [401, "POST /?_token=token-of-a-test HTTP/1.1\r\nhost: x"],
    [200, "GET /livez HTTP/1.1\r\nhost: x"],
    [400, `POST / HTTP/1.1\r\n${right}\r\nupstash-response-format: resp2`],
    [404, `POST /pipeline/x HTTP/1.1\r\n${right}`],
    [405, `PATCH / HTTP/1.1\r\n${right}`],
    [408, `POST / HTTP/1.1\r\n${right}`],
  ])("has its answer, %i, and holds no connection: %j", async (status, head) => {
    const replies = await Promise.all(Array.from({ length: 30 }, () => dribble(head)));
    for (const reply of replies) expect(reply).toContain(`HTTP/1.1 ${status} `);
    expect(await post("/", '["PING"]')).toEqual([200, { result: "PONG" }]);
  });
});

describe("the token", () => {
  const routes = ["/", "/pipeline", "/multi-exec", "/get/key", "/nothing/here", "/pipeline/x", "/livez/x", "/%ff"];

  test.each(routes)("is asked for on %s, whatever the method", async (path) => {
    for (const method of ["GET", "POST", "PUT", "DELETE", "OPTIONS"]) {
      const body = method === "POST" || method === "PUT" ? '[["FLUSHALL"]]' : undefined;
      const response = await fetch(`${stack.url}${path}`, { method, body });
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(await answer(response)).toEqual([401, { error: "WRONGPASS invalid or missing auth token" }]);
    }
  });

  test.each([
    "",
    "Bearer",
    "Bearer ",
    "Bearer wrong",
    "Bearer token-of-a-test2",
    "Bearer token-of-a-tes",
    "Bearer TOKEN-OF-A-TEST",
    "token-of-a-test",
    "Basic token-of-a-test",
    "Bearer token-of-a-test, Bearer token-of-a-test",
    "Bearer token-of-a-test token-of-a-test",
  ])("must be right: %j", async (authorization) => {
    const response = await fetch(`${stack.url}/ping`, { headers: { authorization } });
    expect(response.status).toBe(401);
  });

  test.each(["Bearer token-of-a-test", "bearer token-of-a-test", "BEARER  token-of-a-test"])(
    "%j is right",
    async (authorization) => {
      const response = await fetch(`${stack.url}/ping`, { headers: { authorization } });
      expect(await answer(response)).toEqual([200, { result: "PONG" }]);
    },
  );

  test("does not belong into a URL, and is not taken for an argument there", async () => {
    const key = newKey();
    for (const init of [{}, { headers: { authorization: "Bearer token-of-a-test" } }]) {
      const response = await fetch(`${stack.url}/set/${key}/v?_token=token-of-a-test`, init);
      expect(await answer(response)).toEqual([401, error("_token parameter is not accepted")]);
    }
    expect(await post("/", JSON.stringify(["EXISTS", key]))).toEqual([200, { result: 0 }]);
  });

  test("a wrong one is an error of @upstash/redis", async () => {
    await expect(stack.client({ token: "wrong" }).get("key")).rejects.toThrow(
      "WRONGPASS invalid or missing auth token",
    );
  });

  test("/livez needs none and holds nothing", async () => {
    const response = await fetch(`${stack.url}/livez`);
    expect([response.status, await response.text()]).toEqual([200, "ok"]);
  });
});

describe("the path style", () => {
  const get = async (path: string) => answer(await stack.send(path));

  test("takes a command and its arguments between slashes", async () => {
    const key = newKey();
    expect(await get(`/set/${key}/bar/EX/100`)).toEqual([200, { result: "OK" }]);
    expect(await get(`/GET/${key}`)).toEqual([200, { result: "bar" }]);
    expect(await get(`/ttl/${key}`)).toEqual([200, { result: 100 }]);
    expect(await get(`/mget/${key}/none`)).toEqual([200, { result: ["bar", null] }]);
    expect(await get("/publish/chat/hello")).toEqual([200, { result: 0 }]);
  });

  test("decodes each argument by itself", async () => {
    const key = newKey("a/b ä%");
    expect(await get(`/set/${encodeURIComponent(key)}/${encodeURIComponent("x/y?z=1&#+ 😀")}`)).toEqual([
      200,
      { result: "OK" },
    ]);
    expect(await post("/", JSON.stringify(["GET", key]))).toEqual([200, { result: "x/y?z=1&#+ 😀" }]);
    expect(await get("/get/%ff")).toEqual([400, error("percent-encoded")]);
    expect(await get(`/set/${newKey()}/`)).toEqual([200, { result: "OK" }]);
  });

  test("puts the body after the path and the query after the body", async () => {
    const key = newKey();
    const value = '{"not":"parsed", "1":1.0}';
    for (const method of ["POST", "PUT"]) {
      const response = await stack.send(`/set/${key}?EX=100&NX`, { method, body: value });
      expect(await answer(response)).toEqual([200, { result: method === "POST" ? "OK" : null }]);
    }
    expect(await get(`/get/${key}`)).toEqual([200, { result: value }]);
    expect(await get(`/ttl/${key}`)).toEqual([200, { result: 100 }]);
    expect(await get(`/set/${key}/other?EX=50`)).toEqual([200, { result: "OK" }]);
    expect(await get(`/ttl/${key}`)).toEqual([200, { result: 50 }]);
  });

  test("a HEAD request runs the command and brings no body", async () => {
    const key = newKey();
    const response = await stack.send(`/incr/${key}`, { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(await get(`/get/${key}`)).toEqual([200, { result: "1" }]);
  });

  test("an error of Redis is 400 with its own words", async () => {
    expect(await get("/get")).toEqual([400, { error: "ERR wrong number of arguments for 'get' command" }]);
    expect(await get("/nothing/here")).toEqual([400, error("ERR unknown command 'NOTHING'")]);
  });

  test("the endpoints that stream are refused as commands", async () => {
    const response = await stack.send("/subscribe/chat", { method: "POST", headers: { accept: "text/event-stream" } });
    expect(await answer(response)).toEqual([400, error("Command is not available: 'SUBSCRIBE'")]);
    expect(await get("/monitor")).toEqual([400, error("'MONITOR'")]);
  });
});

describe("methods and paths", () => {
  test.each([
    ["DELETE", "/get/key", "GET, HEAD, POST, PUT"],
    ["PATCH", "/", "POST, PUT"],
    ["GET", "/", "POST, PUT"],
    ["GET", "/pipeline", "POST, PUT"],
    ["HEAD", "/multi-exec", "POST, PUT"],
    ["POST", "/livez", "GET, HEAD"],
  ])("%s %s is 405", async (method, path, allowed) => {
    const response = await stack.send(path, { method });
    expect([response.status, response.headers.get("allow")]).toEqual([405, allowed]);
  });

  test.each(["/pipeline/", "/pipeline/x", "/multi-exec/x", "/livez/x"])("%s is 404", async (path) => {
    expect(await post(path, "[]")).toEqual([404, { error: "ERR no such endpoint" }]);
  });
});

describe("the body of a command", () => {
  test.each([
    ["nothing", ""],
    ["no JSON", "PING"],
    ["half a JSON", '["PING"'],
    ["a trailing comma", '["PING",]'],
    ["a string", '"PING"'],
    ["an object", '{"0":"PING"}'],
    ["null", "null"],
    ["an empty array", "[]"],
    ["an empty name", '[""]'],
    ["a number as name", "[1]"],
    ["a pipeline", '[["PING"]]'],
    ["an array as argument", '["SET","k",["v"]]'],
    ["an object as argument", '["SET","k",{"a":1}]'],
    ["null as argument", '["SET","k",null]'],
    ["half a surrogate pair", '["SET","k","\\ud800"]'],
    ["deep nesting", `["SET","k",${"[".repeat(5_000)}${"]".repeat(5_000)}]`],
  ])("%s is 400", async (_what, body) => {
    const [status, reply] = await post("/", body);
    expect([status, reply]).toEqual([400, { error: expect.stringMatching(/^ERR /) }]);
    expect(JSON.stringify(reply)).not.toContain("PING");
  });

  test("bytes that are no UTF-8 are 400, not U+FFFD", async () => {
    const body = Buffer.concat([Buffer.from('["SET","k","'), Buffer.from([0xc3, 0x28]), Buffer.from('"]')]);
    expect(await post("/", new Uint8Array(body))).toEqual([400, { error: "ERR the body is not valid UTF-8" }]);
  });

  test("numbers and booleans become the text that was written", async () => {
    const key = newKey();
    const body = `["RPUSH","${key}",1,-5,1.5,true,false,9007199254740993,1e400,123456789012345678901234567890,0.1000]`;
    expect(await post("/", body)).toEqual([200, { result: 9 }]);
    expect(await post("/", JSON.stringify(["LRANGE", key, 0, -1]))).toEqual([
      200,
      {
        result: [
          "1",
          "-5",
          "1.5",
          "true",
          "false",
          "9007199254740993",
          "1e400",
          "123456789012345678901234567890",
          "0.1000",
        ],
      },
    ]);
  });

  test("a pipeline has a largest number of commands", async () => {
    const pings = (count: number) => JSON.stringify(Array.from({ length: count }, () => ["PING"]));
    const [status, replies] = await post("/pipeline", pings(100));
    expect([status, replies.length]).toEqual([200, 100]);
    expect(await post("/pipeline", pings(101))).toEqual([400, error("more than 100")]);
    expect(await post("/multi-exec", pings(101))).toEqual([400, error("more than 100")]);
  });

  test("only the JSON format is answered", async () => {
    const response = await stack.send("/ping", { headers: { "upstash-response-format": "resp2" } });
    expect(await answer(response)).toEqual([400, error("Upstash-Response-Format")]);
  });
});

describe("the size of a body", () => {
  const sized = (bytes: number) => {
    const frame = JSON.stringify(["SET", "size", ""]);
    return JSON.stringify(["SET", "size", "x".repeat(bytes - frame.length)]);
  };
  const tooLarge = `ERR max request size exceeded. Limit: ${BODY_BYTES_MAX} bytes`;

  test("up to the limit is taken, a byte more is 413 with the limit", async () => {
    expect(await post("/", sized(BODY_BYTES_MAX))).toEqual([200, { result: "OK" }]);
    for (const path of ["/", "/pipeline", "/multi-exec", "/set/size"]) {
      expect(await post(path, sized(BODY_BYTES_MAX + 1))).toEqual([413, { error: tooLarge }]);
    }
  });

  const head = "POST / HTTP/1.1\r\nhost: x\r\nauthorization: Bearer token-of-a-test\r\n";

  test("a declared length is enough to refuse, and the connection is closed", async () => {
    const reply = await exchange([`${head}content-length: 9999999999\r\n\r\n[`]);
    expect(reply).toMatch(/^HTTP\/1.1 413 /);
    expect(reply).toContain(tooLarge);
  });

  test("a body in chunks is counted while it comes", async () => {
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
    const chunked = `${head}transfer-encoding: chunked\r\nconnection: close\r\n\r\n`;
    expect(await exchange([chunked, chunk('["EC'), chunk('HO","in pieces"]'), chunk("")])).toContain(
      '{"result":"in pieces"}',
    );
    const endless = Array.from({ length: 50 }, () => chunk("x".repeat(1_000)));
    expect(await exchange([chunked, ...endless])).toContain(tooLarge);
  });

  test("what the server refuses behind a body in chunks was not executed, and has one answer", async () => {
    const key = newKey();
    const command = JSON.stringify(["INCR", key]);
    const chunks = `${command.length.toString(16)}\r\n${command}\r\n0\r\n`;
    const chunked = `${head}transfer-encoding: chunked\r\n\r\n`;
    const refused = await exchange([`${chunked}${chunks}x-checksum: 1\r\n\r\n`]);
    expect(refused.match(/HTTP\/1.1 \d+/g)).toEqual(["HTTP/1.1 400"]);
    expect(await post("/", JSON.stringify(["GET", key]))).toEqual([200, { result: null }]);
    const taken = await exchange([`${chunked}${chunks}\r\n`]);
    expect(taken).toMatch(/^HTTP\/1.1 200 .*connection: close/is);
    expect(await post("/", JSON.stringify(["GET", key]))).toEqual([200, { result: "1" }]);
  });

  test("two lengths are refused, and do not end the counting of what is in flight", async () => {
    const twice = `${head}content-length: 8\r\ncontent-length: 8\r\n\r\n["PING"]`;
    expect(await exchange([twice])).toMatch(/^HTTP\/1.1 400 .*Content-Length must be one number/s);
  });

  test("a body that never ends is 408", async () => {
    const reply = await exchange([`${head}content-length: 100\r\n\r\n["PING"`]);
    expect(reply).toMatch(/^HTTP\/1.1 408 /);
  });
});
