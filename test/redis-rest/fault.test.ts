import { type Running, startRedis } from "@spillway/backends";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newKey, type Rest, startRest, until } from "./rest.ts";
import { openWire, type Wire } from "./wire.ts";

const REPLY_MS_MAX = 300;

let redis: Running;
let wire: Wire;
let rest: Rest;
let lines: string[];

beforeEach(async () => {
  redis = await startRedis();
  wire = await openWire(redis.port);
  lines = [];
  rest = await startRest([wire.url], {
    connections: 2,
    limits: { replyMsMax: REPLY_MS_MAX },
    log: (line) => lines.push(line),
  });
});
afterEach(async () => {
  await rest.stop();
  await wire.close();
  await redis.stop();
});

type Answer = { readonly status: number; readonly body: { readonly result?: unknown; readonly error?: string } };

const ask = async (command: readonly unknown[], path = "/"): Promise<Answer> => {
  const response = await rest.send(path, { method: "POST", body: JSON.stringify(command) });
  return { status: response.status, body: (await response.json()) as Answer["body"] };
};
const answered = () =>
  until(
    () => ask(["PING"]),
    ({ status }) => status === 200,
  );
const unavailable = { status: 503, body: { error: expect.stringContaining("UNAVAILABLE") } };

describe("Redis away", () => {
  test("killed −9: 5xx with JSON on every route, then its data again without a restart of the server", async () => {
    const key = newKey();
    await ask(["SET", key, "kept"]);
    await redis.kill("SIGKILL");
    await until(
      () => ask(["PING"]),
      ({ status }) => status === 503,
    );
    for (const [path, command] of [
      ["/", ["GET", key]],
      [
        "/pipeline",
        [
          ["GET", key],
          ["INCR", key],
        ],
      ],
      ["/multi-exec", [["GET", key]]],
    ] as const) {
      expect(await ask(command, path)).toEqual(unavailable);
    }
    const response = await rest.send(`/get/${key}`);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await fetch(`${rest.url}/livez`)).status).toBe(200);
    await redis.restart();
    await answered();
    expect(await ask(["GET", key])).toEqual({ status: 200, body: { result: "kept" } });
    expect(lines).toEqual(["redis: connected", expect.stringMatching(/^redis: /), "redis: connected"]);
  });

  test("what was not sent is never sent later", async () => {
    const key = newKey();
    await redis.kill("SIGKILL");
    await until(
      () => ask(["PING"]),
      ({ status }) => status === 503,
    );
    expect(await ask(["INCR", key])).toEqual(unavailable);
    await redis.restart();
    await answered();
    expect(await ask(["EXISTS", key])).toEqual({ status: 200, body: { result: 0 } });
  });

  test("frozen: an answer all the same, then quick ones, and recovery by itself", async () => {
    await redis.kill("SIGSTOP");
    const first = await Promise.all([
      ask(["PING"]),
      ask(["PING"]),
      ask([["PING"]], "/pipeline"),
      ask([["PING"]], "/multi-exec"),
    ]);
    for (const { status, body } of first) {
      expect([502, 504]).toContain(status);
      expect(body.error).toMatch(/^(TIMEOUT|LOST) .*may have run/);
    }
    // The dead connections are gone and the new ones wait for their handshake, so nothing is tried any more.
    await until(
      () => ask(["PING"]),
      ({ status }) => status === 503,
    );
    await redis.kill("SIGCONT");
    await answered();
  });

  test("the server starts without Redis and finds it later", async () => {
    await redis.kill("SIGKILL");
    const early = await startRest([redis.url]);
    try {
      expect((await early.send("/ping")).status).toBe(503);
      await redis.restart();
      await until(
        () => early.send("/ping"),
        ({ status }) => status === 200,
      );
    } finally {
      await early.stop();
    }
  });

  test("a database that Redis does not have, or not for this user, is 503, and database 0 gets nothing", async () => {
    const key = newKey();
    const said: string[] = [];
    const log = (line: string) => void said.push(line);
    const admin = new Redis(redis.port, "127.0.0.1");
    await admin.call("ACL", "SETUSER", "edge", "on", ">secret", "~*", "+@all", "-select");
    const none = await startRest([`redis://127.0.0.1:${redis.port}/16`], { log });
    const forbidden = await startRest([`redis://edge:secret@127.0.0.1:${redis.port}/15`], { log });
    try {
      for (const one of [none, forbidden])
        for (const path of ["/", "/", "/", "/"])
          expect((await one.send(path, { method: "POST", body: JSON.stringify(["SET", key, "x"]) })).status).toBe(503);
      expect(await (await none.send("/ping")).json()).toEqual({
        error: expect.stringContaining("has no such database"),
      });
      expect(said).toEqual(["redis: not connected (no such database)", "redis: not connected (NOPERM)"]);
      await admin.call("ACL", "SETUSER", "edge", "+select");
      await until(
        () => forbidden.send("/", { method: "POST", body: JSON.stringify(["SET", key, "x"]) }),
        ({ status }) => status === 200,
      );
      expect(await admin.exists(key)).toBe(0);
    } finally {
      admin.disconnect();
      await Promise.all([none.stop(), forbidden.stop()]);
    }
  });

  test("a password that Redis does not accept is 503 and in no line; the right one works", async () => {
    const said: string[] = [];
    const open = (password: string) =>
      startRest([`redis://:${password}@127.0.0.1:${redis.port}`], { log: (line) => said.push(line) });
    const admin = new Redis(redis.port, "127.0.0.1");
    await admin.config("SET", "requirepass", "right-secret");
    admin.disconnect();
    const [wrong, right] = [await open("wrong-secret"), await open("right-secret")];
    try {
      const refused = await wrong.send("/ping");
      expect([refused.status, await refused.json()]).toEqual([503, unavailable.body]);
      expect((await right.send("/ping")).status).toBe(200);
      expect(said).toContain("redis: not connected (WRONGPASS)");
      expect(said.join()).not.toContain("secret");
    } finally {
      await Promise.all([wrong.stop(), right.stop()]);
    }
  });
});

describe("the connection to Redis breaks", () => {
  test("after a command was sent: 502, and it is not sent twice", async () => {
    for (const [path, wrap] of [
      ["/", (command: unknown[]) => command],
      ["/pipeline", (command: unknown[]) => [command]],
      ["/multi-exec", (command: unknown[]) => [command]],
    ] as const) {
      const key = newKey();
      wire.hold();
      const pending = ask(wrap(["INCR", key]), path);
      await wire.heldReply();
      wire.cut();
      expect(await pending).toEqual({ status: 502, body: { error: expect.stringContaining("LOST") } });
      wire.release();
      await answered();
      expect(await ask(["GET", key])).toEqual({ status: 200, body: { result: "1" } });
    }
  });

  test("a reply that comes too late is 504 and is not taken for the next one's", async () => {
    const key = newKey();
    wire.hold();
    const pending = ask(["INCR", key]);
    await wire.heldReply();
    const { status } = await pending;
    expect([502, 504]).toContain(status);
    wire.release();
    await answered();
    for (let round = 0; round < 10; round += 1) {
      expect(await ask(["ECHO", `${round}`])).toEqual({ status: 200, body: { result: `${round}` } });
    }
    expect(await ask(["GET", key])).toEqual({ status: 200, body: { result: "1" } });
  });

  test("a reply that comes drop by drop is 504, though the connection is alive", async () => {
    const text = "x".repeat(5_000);
    wire.hold();
    const pending = ask(["ECHO", text]);
    await wire.heldReply();
    const drops = setInterval(wire.drip, 10);
    expect(await pending).toEqual({ status: 504, body: { error: expect.stringContaining("TIMEOUT") } });
    clearInterval(drops);
    wire.release();
    for (let round = 0; round < 4; round += 1) {
      expect(await ask(["ECHO", `${round}`])).toEqual({ status: 200, body: { result: `${round}` } });
    }
  });

  test("@upstash/redis rejects, and sends once", async () => {
    const key = newKey();
    const client = rest.client({ enableAutoPipelining: false });
    wire.hold();
    const pending = client.incr(key);
    const settled = expect(pending).rejects.toThrow("LOST");
    await wire.heldReply();
    wire.cut();
    await settled;
    wire.release();
    await answered();
    expect(await client.get(key)).toBe(1);
  });
});

describe("under load", () => {
  test("kills in between: every counted INCR is there, and no more than were ever sent", async () => {
    const key = newKey();
    const counts = { done: 0, unknown: 0, refused: 0 };
    let stop = false;
    const worker = async () => {
      while (!stop) {
        const { status, body } = await ask(["INCR", key]);
        if (status === 200 && typeof body.result === "number") counts.done += 1;
        else if (status === 503) counts.refused += 1;
        else counts.unknown += 1;
      }
    };
    const workers = Array.from({ length: 16 }, worker);
    for (let round = 0; round < 3; round += 1) {
      const before = counts.done;
      await until(
        async () => counts.done,
        (done) => done >= before + 200,
      );
      await redis.kill("SIGKILL");
      await redis.restart();
    }
    const before = counts.done;
    await until(
      async () => counts.done,
      (done) => done > before,
    );
    stop = true;
    await Promise.all(workers);
    const { body } = await ask(["GET", key]);
    const value = Number(body.result);
    expect(value).toBeGreaterThanOrEqual(counts.done);
    expect(value).toBeLessThanOrEqual(counts.done + counts.unknown);
    expect(counts.refused).toBeGreaterThan(0);
  });
});

describe("too much at once", () => {
  test("more request bytes than may be in flight are 503 BUSY, and later ones are taken again", async () => {
    const small = await startRest([wire.url], { limits: { bodyBytesMax: 50_000, inflightBytesMax: 100_000 } });
    try {
      wire.hold();
      const body = JSON.stringify(["ECHO", "x".repeat(40_000)]);
      const send = () => small.send("/", { method: "POST", body });
      const pending = [send(), send()];
      await wire.heldReply();
      const busy = await until(send, ({ status }) => status === 503);
      expect(await busy.json()).toEqual({ error: expect.stringContaining("BUSY") });
      wire.release();
      expect((await Promise.all(pending)).map(({ status }) => status)).toEqual([200, 200]);
      expect((await send()).status).toBe(200);
    } finally {
      await small.stop();
    }
  });
});
