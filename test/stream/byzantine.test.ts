import { createStreamTier } from "@spillway/stream/tier";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { chunkOf } from "../conformance/chunks.ts";
import { type ByzantineServer, http, type RawAnswer, startByzantineServer } from "./byzantine-server.ts";
import { belongingTo, limitsOf, restTransport } from "./services.ts";

let server: ByzantineServer;
beforeAll(async () => {
  server = await startByzantineServer();
});
afterAll(() => server.close());
afterEach(() => vi.restoreAllMocks());

const SECRET = "payload-that-nobody-may-log";
const chunks = [chunkOf(0, ["a", "b"], new TextEncoder().encode(SECRET)), chunkOf(1, ["c"])];
const open = () =>
  createStreamTier({
    transport: restTransport(server),
    namespace: "byzantine",
    belonging: belongingTo("byzantine"),
    limits: limitsOf(),
  });

const json = (value: unknown) => http("200 OK", JSON.stringify(value));
const error = (status: string, text: string) => http(status, JSON.stringify({ error: text }));

/** What the two chunks of the one command are answered with: its nonce, the word after the keys, and their places. */
const noncesOf = (body: string): string[] => {
  const [command = []] = JSON.parse(body) as (string | number)[][];
  const nonce = command[3 + Number(command[2])];
  return [`${nonce}.1`, `${nonce}.2`];
};
const good = (nonce: string, entry = "1763712345678-0") => [nonce, "OK", entry, "", "nobody:3"];
const oom = (nonce: string) => [nonce, "ERROR", "OOM command not allowed when used memory > 'maxmemory'.", "", ""];
const forged = (reply: (nonces: string[]) => unknown, extra: Readonly<Record<string, unknown>> = {}): RawAnswer => {
  return (body) => json([{ result: reply(noncesOf(body)), ...extra }]);
};
const fixed =
  (bytes: string | Uint8Array): RawAnswer =>
  () =>
    bytes;

const gzipGarbage = Buffer.concat([
  Buffer.from("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 9\r\nconnection: close\r\n\r\n"),
  Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5]),
]);

const answers: readonly (readonly [name: string, answer: RawAnswer, code: string | RegExp])[] = [
  ["an empty object", fixed(json({})), "odd_reply"],
  ["an empty list", fixed(json([])), "odd_reply"],
  ["a null result", fixed(json({ result: null })), "odd_reply"],
  ["a null result in a list", fixed(json([{ result: null }])), "odd_reply"],
  ["nulls for the chunks", fixed(json([{ result: [null, null] }])), "odd_reply"],
  ["a list of a null", fixed(json([null])), "odd_reply"],
  ["a number", fixed(json(42)), "odd_reply"],
  ["OK for everything", fixed(json({ result: "OK" })), "odd_reply"],
  ["OK in a list", fixed(json([{ result: "OK" }])), "odd_reply"],
  ["OK for each chunk", fixed(json([{ result: ["OK", "OK"] }])), "odd_reply"],
  ["entry ids of a plain XADD", fixed(json([{ result: ["1-0", "2-0"] }])), "odd_reply"],
  ["too few replies", forged(([first = ""]) => [good(first)]), "odd_reply"],
  ["too many replies", forged(([a = "", b = ""]) => [good(a), good(b), good(b)]), "odd_reply"],
  ["replies in another order", forged(([a = "", b = ""]) => [good(b), good(a)]), "odd_reply"],
  ["replies to another request", forged(() => [good("other0"), good("other1")]), "odd_reply"],
  ["both a result and an error", forged(([a = "", b = ""]) => [good(a), good(b)], { error: 1 }), "odd_reply"],
  ["a second result", (body) => json([1, 2].map(() => ({ result: noncesOf(body).map((n) => good(n)) }))), "odd_reply"],
  ["base64 that was not asked for", forged(([a = ""]) => [good(btoa(a)), good(btoa(a))]), "odd_reply"],
  [
    "an HTML page",
    fixed(http("200 OK", "<html><body>It works!</body></html>", ["content-type: text/html"])),
    "odd_reply",
  ],
  ["an empty body", fixed(http("200 OK", "")), "odd_reply"],
  ["truncated JSON", fixed(http("200 OK", '[{"result":["x","OK"')), "odd_reply"],
  ["a body that is shorter than it says", fixed('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n[{"result":'), /./],
  ["204", fixed("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"), "odd_reply"],
  ["301 to nowhere", fixed("HTTP/1.1 301 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"), /./],
  ["401", fixed(error("401 Unauthorized", "Unauthorized")), "unauthorized"],
  [
    "401 of a self-hosted server",
    fixed(error("401 Unauthorized", "WRONGPASS invalid or missing auth token")),
    "unauthorized",
  ],
  ["429", fixed(error("429 Too Many Requests", "Too Many Requests")), "redis_error"],
  ["500 with HTML", fixed(http("500 Oops", "<h1>Internal Server Error</h1>")), "odd_reply"],
  ["502 with nothing", fixed(http("502 Bad Gateway", "")), "odd_reply"],
  ["gzip garbage", fixed(gzipGarbage), /./],
  ["no HTTP at all", fixed("SSH-2.0-OpenSSH_9.2\r\n"), /./],
  ["a closed connection", fixed(""), /./],
  [
    "an error for each",
    forged(([a = "", b = ""]) => [oom(a), [b, "ERROR", "READONLY You can't write", "", ""]]),
    /^(oom|readonly)$/,
  ],
  [
    "an error without a text",
    forged(([a = "", b = ""]) => [a, b].map((n) => [n, "ERROR", null, "", ""])),
    "redis_error",
  ],
  ["an error for all", fixed(json([{ error: "OOM command not allowed when used memory > 'maxmemory'." }])), "oom"],
  [
    "Upstash: daily requests",
    fixed(error("400 Bad Request", "ERR max daily request limit exceeded. Limit: 10000, Usage: 10001.")),
    "quota",
  ],
  [
    "Upstash: monthly requests",
    fixed(error("400 Bad Request", "ERR max requests limit exceeded. Limit: 500000")),
    "quota",
  ],
  [
    "Upstash: capacity",
    fixed(error("400 Bad Request", "ERR DB capacity quota exceeded. Limit: 1,000,000 bytes")),
    "quota",
  ],
  [
    "Upstash: request size",
    fixed(error("400 Bad Request", "ERR max request size exceeded. Limit: 1048576 bytes")),
    "request_too_large",
  ],
  ["Upstash: record size", fixed(json([{ error: "ERR max single record size exceeded" }])), "record_too_large"],
];

describe("a REST server that lies", () => {
  test.each(answers)("answers %s: unknown, never stored, asked once, payload kept", async (_, answer, code) => {
    const printed: unknown[] = [];
    for (const level of ["log", "info", "warn", "error", "debug"] as const) {
      vi.spyOn(console, level).mockImplementation((...words) => void printed.push(...words));
    }
    const before = server.bodies.length;
    server.set(answer);
    const appended = await open().append(chunks, 20_000);
    expect(appended).toHaveLength(2);
    for (const each of appended) {
      expect(each.kind).toBe("retriable");
      expect(each.kind === "retriable" && each.code).toMatch(typeof code === "string" ? new RegExp(`^${code}$`) : code);
    }
    expect(server.bodies.length - before).toBe(1);
    expect(JSON.stringify([appended, printed])).not.toContain(SECRET);
    expect(JSON.stringify([appended, printed])).not.toContain(btoa(SECRET));
    expect(printed).toEqual([]);
  });

  test.each(answers)("answers %s to who diverts a shard: not known to be done", async (_, answer) => {
    server.set(answer);
    expect(await open().divert([0, 1], 20_000)).toMatch(/^[a-z_]+$/);
  });

  test("answers with the stamp of another call, or for one shard of two: not known to be done", async () => {
    const stamped = (stamp: string) => ({ result: ["OK", stamp] });
    const ownOf = (command: readonly (string | number)[] = []) => `1763712345678 ${command[8]}`;
    const commandsOf = (body: string) => JSON.parse(body) as (string | number)[][];
    server.set((body) => json(commandsOf(body).map((command) => stamped(ownOf(command)))));
    expect(await open().divert([0, 1], 20_000)).toBeNull();
    server.set((body) => json(commandsOf(body).map(() => stamped("1763712345678 other"))));
    expect(await open().divert([0, 1], 20_000)).toBe("odd_reply");
    server.set((body) => json([stamped(ownOf(commandsOf(body)[0])), { error: "READONLY You can't write" }]));
    expect(await open().divert([0, 1], 20_000)).toBe("readonly");
  });

  test("is believed about the one chunk that it answers well", async () => {
    server.set(forged(([a = "", b = ""]) => [good(a), oom(b)]));
    expect(await open().append(chunks, 20_000)).toEqual([
      { kind: "ok", duplicates: [], totals: [["nobody", 3]] },
      { kind: "retriable", code: "oom" },
    ]);
  });

  test("says NOSCRIPT for ever: asked twice, then unknown", async () => {
    const before = server.bodies.length;
    server.set(fixed(json([{ error: "NOSCRIPT No matching script." }])));
    const unknown = { kind: "retriable", code: "no_script" };
    expect(await open().append(chunks, 20_000)).toEqual([unknown, unknown]);
    expect(server.bodies.length - before).toBe(2);
  });

  /** A Redis Cluster to which `answer` says what it answers to the chunks one by one. */
  const cluster = (answer: (commands: readonly (string | number)[][]) => unknown): RawAnswer => {
    return (body) => {
      const commands = JSON.parse(body) as (string | number)[][];
      const isJoined = commands.length === 1 && Number(commands[0]?.[2]) > 7;
      return json(isJoined ? [{ error: "CROSSSLOT Keys in request don't hash to the same slot" }] : answer(commands));
    };
  };
  const goodAlone = (command: readonly (string | number)[]) => ({ result: [good(`${command[10]}.1`)] });

  test("says CROSSSLOT: every chunk is a command of its own, then and from then on", async () => {
    const tier = open();
    const before = server.bodies.length;
    server.set(cluster((commands) => commands.map(goodAlone)));
    for (const requests of [2, 3]) {
      expect(await tier.append(chunks, 20_000)).toMatchObject([{ kind: "ok" }, { kind: "ok" }]);
      expect(server.bodies.length - before).toBe(requests);
    }
  });

  test("says NOSCRIPT for one: only that one is sent again", async () => {
    let requests = 0;
    const noScript = { error: "NOSCRIPT No matching script." };
    server.set(
      cluster(([first = [], second]) =>
        requests++ === 0 ? [goodAlone(first), noScript] : [goodAlone(second ?? first)],
      ),
    );
    const appended = await open().append(chunks, 20_000);
    expect(appended).toMatchObject([{ kind: "ok" }, { kind: "ok" }]);
    const [again, none] = JSON.parse(server.bodies.at(-1) ?? "[]") as string[][];
    expect(again?.slice(0, 1)).toEqual(["eval"]);
    expect(again?.[3]).toContain("{byzantine:1}");
    expect(none).toBeUndefined();
  });

  test("never answers: each call gives up at its own deadline", async () => {
    server.set(() => null);
    const tier = open();
    const patient = tier.append(chunks, 100_000);
    const hasty = tier.append(chunks, 30);
    const unknown = { kind: "retriable", code: "timeout" };
    expect(await hasty).toEqual([unknown, unknown]);
    server.release(json([]));
    expect(await patient).toEqual([
      { kind: "retriable", code: "odd_reply" },
      { kind: "retriable", code: "odd_reply" },
    ]);
  });

  test("begins to answer and stops in the middle: unknown at the deadline", async () => {
    const stalled = await startByzantineServer();
    try {
      stalled.set(() => null);
      const tier = createStreamTier({
        transport: restTransport(stalled),
        namespace: "n",
        belonging: belongingTo("n"),
        limits: limitsOf(),
      });
      const appended = tier.append([chunkOf(0, ["a"])], 1000);
      await vi.waitUntil(() => stalled.bodies.length === 1);
      stalled.begin("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n[{");
      expect(await appended).toEqual([{ kind: "retriable", code: "timeout" }]);
    } finally {
      await stalled.close();
    }
  });

  test.each(answers)("is down when it answers %s to the health check", async (_, answer) => {
    server.set((body) => {
      try {
        return answer(body);
      } catch {
        return json({});
      }
    });
    const code = expect.stringMatching(/^[a-z_]+$/);
    expect(await open().health(20_000)).toMatchObject({ status: "down", code, warnings: [code] });
  });
});
