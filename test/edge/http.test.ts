import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exchange, type Step } from "../support/connection.ts";
import { KEY, type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";

/* What holds below the router: bytes over TCP against the real process. Whether an event was stored is asked by sending it again. */
const BODY_TIMEOUT_MS = 2_000;
let services: Services;
let pipeline: Pipeline;

beforeAll(async () => {
  services = await startServices();
  pipeline = await startPipeline(services, { relays: 0, edgeEnv: { BODY_TIMEOUT_MS: String(BODY_TIMEOUT_MS) } });
});
afterAll(async () => {
  await pipeline?.stop();
  await services?.stop();
});

let ids = 0;
const newEvent = () => `{"type":"t","source":"/s","id":"http-${++ids}"}`;
const isStored = async (event: string): Promise<boolean> => {
  const answer = (await (await pipeline.post(event)).json()) as { status: string };
  return answer.status === "duplicate";
};

const head = (...headers: readonly string[]): string =>
  [
    "POST /v1/events HTTP/1.1",
    "Host: edge",
    `Authorization: Bearer ${KEY}`,
    "Content-Type: application/json",
    ...headers,
  ]
    .map((line) => `${line}\r\n`)
    .join("");
const sized = (event: string, ...headers: readonly string[]) =>
  `${head(`Content-Length: ${event.length}`, ...headers)}\r\n${event}`;
const chunkOf = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const chunked = (...headers: readonly string[]) => `${head("Transfer-Encoding: chunked", ...headers)}\r\n`;
const LAST = "0\r\n";
const TRAILER = "X-Checksum: 1\r\n\r\n";

const talk = (steps: readonly Step[], enough?: number) => exchange(pipeline.edges[0]?.url ?? "", steps, enough);
const statuses = async (steps: readonly Step[], enough?: number) => {
  const { answers, ended } = await talk(steps, enough);
  return [...answers.map(({ status }) => status), ended ? "end" : "open"];
};

describe("a body in chunks", () => {
  test("is stored, and its answer ends the connection", async () => {
    const event = newEvent();
    expect(await statuses([chunked(), chunkOf(event.slice(0, 5)), chunkOf(event.slice(5)), `${LAST}\r\n`])).toEqual([
      202,
      "end",
    ]);
    expect(await isStored(event)).toBe(true);
  });

  test.each(["in one segment", "headers first"])("with a trailer (%s) is refused, and that is true", async (how) => {
    for (let round = 0; round < 5; round++) {
      const event = newEvent();
      const rest = `${chunkOf(event)}${LAST}${TRAILER}`;
      const steps = how === "in one segment" ? [`${chunked()}${rest}`] : [chunked(), 50, rest];
      expect(await statuses(steps)).toEqual([400, "end"]);
      expect(await isStored(event)).toBe(false);
    }
  });

  test("with a trailer that comes after the answer has that one answer", async () => {
    const event = newEvent();
    const next = "GET /livez HTTP/1.1\r\nHost: edge\r\n\r\n";
    expect(await statuses([`${chunked()}${chunkOf(event)}${LAST}`, 200, TRAILER, 50, next])).toEqual([202, "end"]);
    expect(await isStored(event)).toBe(true);
  });

  test.each([
    ["at once", (rest: string) => [`${chunked("Trailer: x-checksum")}${rest}`]],
    ["later", (rest: string) => [chunked("Trailer: x-checksum"), 50, rest]],
  ])("with a trailer that is announced is refused once, sent %s", async (_, stepsOf) => {
    const event = newEvent();
    const { answers } = await talk(stepsOf(`${chunkOf(event)}${LAST}${TRAILER}`));
    expect(answers.map(({ status }) => status)[0]).toBe(400);
    expect(await isStored(event)).toBe(false);
  });

  test("in pieces of one byte is one body", async () => {
    const event = newEvent();
    const pieces = [...event.padEnd(5_000)].map(chunkOf).join("");
    expect(await statuses([`${chunked()}${pieces}${LAST}\r\n`])).toEqual([202, "end"]);
    expect(await isStored(event)).toBe(true);
  });
});

describe("a refusal by the server stores nothing", () => {
  const event = () => newEvent();
  test.each<readonly [string, (event: string) => string]>([
    [
      "length and chunks",
      (e) => `${head("Transfer-Encoding: chunked", `Content-Length: ${e.length}`)}\r\n${chunkOf(e)}0\r\n\r\n`,
    ],
    [
      "chunks and length",
      (e) => `${head(`Content-Length: ${e.length}`, "Transfer-Encoding: chunked")}\r\n${chunkOf(e)}0\r\n\r\n`,
    ],
    ["two lengths that differ", (e) => `${head(`Content-Length: ${e.length}`, "Content-Length: 1")}\r\n${e}`],
    ["two lengths that agree", (e) => sized(e, `Content-Length: ${e.length}`)],
    ["a negative length", (e) => `${head("Content-Length: -5")}\r\n${e}`],
    ["a folded header", (e) => sized(e, "X-A: 1\r\n folded")],
    ["a space before the colon", (e) => `${head(`Content-Length : ${e.length}`)}\r\n${e}`],
    ["bare line feeds", (e) => sized(e).replaceAll("\r\n", "\n")],
    ["an unknown coding", (e) => `${head("Transfer-Encoding: xchunked")}\r\n${chunkOf(e)}0\r\n\r\n`],
    ["chunked twice", (e) => `${head("Transfer-Encoding: chunked, chunked")}\r\n${chunkOf(e)}0\r\n\r\n`],
    ["a bare line feed in a chunk's size", (e) => `${chunked()}${e.length.toString(16)}\n${e}\r\n0\r\n\r\n`],
    ["a chunk longer than it says", (e) => `${chunked()}${(e.length - 1).toString(16)}\r\n${e}\r\n0\r\n\r\n`],
    ["a last chunk that is none", (e) => `${chunked()}${chunkOf(e)}zz\r\n\r\n`],
    ["junk behind a length", (e) => `${sized(e)}JUNK\r\n\r\n`],
    ["junk behind the last chunk", (e) => `${chunked()}${chunkOf(e)}0\r\n\r\nJUNK\r\n\r\n`],
    ["two Host headers", (e) => sized(e, "Host: other")],
  ])("%s", async (_, bytesOf) => {
    const sent = event();
    const { answers } = await talk([bytesOf(sent)], 1);
    expect(answers.every(({ status }) => status >= 400)).toBe(true);
    expect(answers.length).toBeLessThanOrEqual(1);
    expect(await isStored(sent)).toBe(false);
  });

  test("and a chunk's extension is no reason for one", async () => {
    const sent = event();
    const bytes = `${chunked()}${sent.length.toString(16)};a=b\r\n${sent}\r\n0\r\n\r\n`;
    expect(await statuses([bytes])).toEqual([202, "end"]);
    expect(await isStored(sent)).toBe(true);
  });
});

describe("what the server answers by itself, without a body and a request id", () => {
  const host = "Host: edge\r\n";
  const get = (...headers: readonly string[]) => `GET /livez HTTP/1.1\r\n${host}${headers.join("")}\r\n`;
  const named = (count: number) => Array.from({ length: count }, (_, n) => `X-${n}: a\r\n`);
  test.each<readonly [string, number | null, string]>([
    ["what is no request", 400, "garbage\r\n\r\n"],
    ["no Host", 400, "GET /livez HTTP/1.1\r\n\r\n"],
    ["an empty line ahead", 400, `\r\n${get()}`],
    ["OPTIONS *", 400, `OPTIONS * HTTP/1.1\r\n${host}\r\n`],
    ["a length of 18 digits", 400, `${head(`Content-Length: ${"9".repeat(18)}`)}\r\n`],
    ["a length beyond all numbers", 413, `${head("Content-Length: 9007199254740992")}\r\n`],
    ["17 KB of headers", 431, get(`X-A: ${"a".repeat(17 * 1024)}\r\n`)],
    ["199 headers", 431, get(...named(198))],
    ["HTTP/1.2", 505, get().replace("HTTP/1.1", "HTTP/1.2")],
    ["HTTP/2.0", 505, get().replace("HTTP/1.1", "HTTP/2.0")],
    ["an unknown method", null, get().replace("GET", "FOO")],
    ["a method in small letters", null, get().replace("GET", "get")],
  ])("%s: %j", async (_, status, bytes) => {
    const { answers, ended } = await talk([bytes]);
    expect([answers.map((answer) => answer.status), ended]).toEqual([status === null ? [] : [status], true]);
    expect(answers.map((answer) => answer.headers).join()).not.toMatch(/x-request-id|content-length: [1-9]/i);
  });

  test("and 198 headers are served, and a CRLF behind a body is not ignored", async () => {
    expect((await talk([get(...named(197))], 1)).answers.map(({ status }) => status)).toEqual([200]);
    const event = newEvent();
    expect(await statuses([`${sized(event)}\r\n`])).toEqual([400, "end"]);
    expect(await isStored(event)).toBe(false);
  });
});

describe("a connection that the server ends without an answer", () => {
  test("has stored nothing when a second request came in one segment with the first", async () => {
    const [first, second] = [newEvent(), newEvent()];
    expect(await statuses([`${sized(first)}${sized(second)}`])).toEqual(["end"]);
    expect([await isStored(first), await isStored(second)]).toEqual([false, false]);
  });

  test("may have stored it when the client shut its side with the request, and takes it again as what it is", async () => {
    const event = newEvent();
    const seen = await statuses([sized(event), "shut"]);
    // The end of the client's side may be a segment of its own, and come behind the append or behind the answer.
    expect([["end"], [202, "end"]]).toContainEqual(seen);
    const isAgain = await isStored(event);
    if (seen[0] === 202) expect(isAgain).toBe(true);
    expect(await isStored(event)).toBe(true);
  });
});

describe("Host", () => {
  const livez = (url: string, ...hosts: readonly string[]) =>
    exchange(url, [`GET /livez HTTP/1.1\r\n${hosts.map((host) => `Host: ${host}\r\n`).join("")}\r\n`], 1);
  const edge = () => pipeline.edges[0]?.url ?? "";

  test.each(["a b", "///", "u:p@h", "%zz", "x/livez", "[::1", "[zz]", "e:8a", "\xe9"])("%j is 400", async (host) => {
    const [answer] = (await livez(edge(), host)).answers;
    expect([answer?.status, JSON.parse(answer?.body ?? "{}").code]).toEqual([400, "malformed_request"]);
  });

  test.each(["", "e", "e:80", "[::1]:80", "%41", "a!$&'()*+,;=~_-.b"])("%j passes", async (host) => {
    expect((await livez(edge(), host)).answers.map(({ status }) => status)).toEqual([200]);
  });

  test.each([
    ["a", "b"],
    ["a", "a"],
    ["", ""],
    ["a", ""],
  ])("%j and %j are 400, there and at the REST server", async (...hosts) => {
    for (const url of [edge(), services.rest.url])
      expect((await livez(url, ...hosts)).answers.map(({ status }) => status)).toEqual([400]);
  });
});

describe("a target", () => {
  test.each<readonly [number, string]>([
    [202, "POST /v1/events?x=1"],
    [202, "POST /v1/%65vents"],
    [202, "POST http://edge/v1/events"],
    [202, "POST /v1/events/"],
    [404, "POST //v1/events"],
    [404, "POST /V1/events"],
    [400, "POST /v1/batch"],
    [405, "GET /v1/events"],
    [405, "OPTIONS /v1/batch"],
  ])("is answered %i, whether the server finds it or the router: %s", async (status, target) => {
    const request = sized(newEvent()).replace("POST /v1/events", target);
    const { answers } = await talk([request], 1);
    expect(answers.map((answer) => answer.status)).toEqual([status]);
  });
});

describe("Expect", () => {
  test("100-continue is answered before the body", async () => {
    const event = newEvent();
    const start = `${head(`Content-Length: ${event.length}`, "Expect: 100-continue")}\r\n`;
    expect(await statuses([start], 1)).toEqual([100, "open"]);
    expect(await statuses([start, 50, event], 2)).toEqual([100, 202, "open"]);
  });

  test.each(["100-Continue", "100-CONTINUE", "junk"])("%s is answered at once", async (expectation) => {
    const { answers, ended } = await talk([`${head("Content-Length: 50", `Expect: ${expectation}`)}\r\n`]);
    expect([answers.length, answers[0]?.status, ended]).toEqual([1, 417, true]);
    expect(JSON.parse(answers[0]?.body ?? "")).toMatchObject({ code: "unsupported_expectation" });
  });
});

describe("a client that waits for a leave nobody gives", () => {
  test.each<readonly [number, (headers: string) => string]>([
    [401, (headers) => headers.replace(KEY, "wrong")],
    [404, (headers) => headers.replace("/v1/events", "/nothing")],
    [405, (headers) => headers.replace("/v1/events", "/livez")],
    [400, (headers) => headers.replace("Host: edge", "Host: a, b")],
  ])("is told %i at once, and its next request is not read as the body", async (status, refuse) => {
    const start = refuse(head("Content-Length: 50", "Expect: 100-Continue"));
    const { answers, ended } = await talk([`${start}\r\n`]);
    expect([answers.map((answer) => answer.status), ended]).toEqual([[status], true]);
    expect(answers[0]?.headers.toLowerCase()).toContain("connection: close");
  });
});

describe("a body that does not come in time is answered", () => {
  test.each<readonly [string, () => readonly Step[]]>([
    ["a length of which nothing comes", () => [`${head("Content-Length: 1000")}\r\n`]],
    ["a length that is never reached", () => [`${head("Content-Length: 1000")}\r\n{`, 500, '"', 500, "t"]],
    ["chunks that do not end", () => [chunked(), chunkOf("{"), 500, chunkOf('"'), 500, chunkOf("t")]],
  ])("%s", async (_, stepsOf) => {
    const { answers, ended } = await talk(stepsOf());
    expect([answers.length, answers[0]?.status, ended]).toEqual([1, 408, true]);
    expect(answers[0]?.headers.toLowerCase()).toContain("connection: close");
    expect(JSON.parse(answers[0]?.body ?? "")).toMatchObject({ code: "body_too_slow", retryable: true });
  });
});

describe("a refusal before the body", () => {
  const large = "x".repeat(4_000_000);
  const livez = "GET /livez HTTP/1.1\r\nHost: edge\r\n\r\n";
  const withKey = (sent: string) => head(`Content-Length: ${large.length}`).replace(`Bearer ${KEY}`, `Bearer ${sent}`);

  test.each<readonly [number, () => string]>([
    [401, () => `${withKey("wrong")}\r\n`],
    [415, () => `${head(`Content-Length: ${large.length}`).replace("application/json", "text/plain")}\r\n`],
    [404, () => `${head(`Content-Length: ${large.length}`).replace("/v1/events", "/nothing")}\r\n`],
    [405, () => `${head(`Content-Length: ${large.length}`).replace("/v1/events", "/livez")}\r\n`],
  ])(
    "(%i) arrives whatever is sent, and the next request on the connection has its own answer",
    async (status, start) => {
      expect(await statuses([start(), 20, large, "answer", livez], 2)).toEqual([status, 200, "open"]);
    },
  );

  test("(413) is no different", async () => {
    const body = "x".repeat(6_000_000);
    expect(await statuses([`${head(`Content-Length: ${body.length}`)}\r\n`, 20, body, "answer", livez], 2)).toEqual([
      413,
      200,
      "open",
    ]);
  });

  test("(413) of a body without a length arrives, too, though it was sent whole", async () => {
    const pieces = Array.from({ length: 60 }, () => chunkOf("x".repeat(100_000)));
    const { answers } = await talk([chunked(), ...pieces, `${LAST}\r\n`]);
    expect(answers.map(({ status }) => status)).toEqual([413]);
  });
});

describe("a refusal on a connection that ends with it arrives at a client that is busy sending", () => {
  const large = "x".repeat(4_000_000);
  const refusals: readonly (readonly [number, (headers: string) => string])[] = [
    [401, (headers) => headers.replace(KEY, "wrong")],
    [404, (headers) => headers.replace("/v1/events", "/nothing")],
    [405, (headers) => headers.replace("/v1/events", "/livez")],
    [415, (headers) => headers.replace("application/json", "text/plain")],
    [413, (headers) => headers.replace(String(large.length), String(large.length + 2_000_000))],
  ];
  const closing: readonly (readonly [string, (headers: string) => string])[] = [
    ["Connection: close", (headers) => `${headers}Connection: close\r\n`],
    ["HTTP/1.0", (headers) => headers.replace("HTTP/1.1", "HTTP/1.0")],
    ["HTTP/1.0, keep-alive", (headers) => `${headers.replace("HTTP/1.1", "HTTP/1.0")}Connection: keep-alive\r\n`],
  ];
  test.each(
    closing.flatMap(([how, close]) => refusals.map(([status, refuse]) => [how, status, close, refuse] as const)),
  )("%s: %i", async (_, status, close, refuse) => {
    const start = close(refuse(head(`Content-Length: ${large.length}`)));
    const body = status === 413 ? large + large.slice(0, 2_000_000) : large;
    for (let round = 0; round < 5; round++) {
      const { answers } = await talk(["busy", `${start}\r\n`, body], 1);
      expect(answers.map((answer) => answer.status)).toEqual([status]);
    }
  });

  test("in chunks, too", async () => {
    const pieces = Array.from({ length: 40 }, () => chunkOf("x".repeat(100_000))).join("");
    const start = `${head("Transfer-Encoding: chunked", "Connection: close").replace(KEY, "wrong")}\r\n`;
    for (let round = 0; round < 5; round++)
      expect((await talk(["busy", start, `${pieces}${LAST}\r\n`], 1)).answers.map(({ status }) => status)).toEqual([
        401,
      ]);
  });

  test("and is given without its body after the time that a body has", async () => {
    const start = head("Content-Length: 1000", "Connection: close").replace(KEY, "wrong");
    expect(await statuses([`${start}\r\n{`])).toEqual([401, "end"]);
  });
});

describe("bodies that are held", () => {
  test("by one key: seven are waited for, the others are told to come again, and small ones still get in", async () => {
    const held = `${head(`Content-Length: ${4 * 1024 * 1024 - 1}`)}\r\n{`;
    const holding = Array.from({ length: 20 }, () => talk([held], 1));
    const event = newEvent();
    expect((await pipeline.post(event)).status).toBe(202);
    const answers = (await Promise.all(holding)).map((one) => one.answers[0]);
    const codes = answers.map((answer) => (JSON.parse(answer?.body ?? "{}") as { code?: string }).code);
    expect(codes.filter((code) => code === "body_too_slow")).toHaveLength(7);
    expect(codes.filter((code) => code === "overloaded")).toHaveLength(13);
    const refused = answers.find((answer) => answer?.status === 503);
    expect(refused?.headers.toLowerCase()).toMatch(/retry-after: [1-3]/);
    expect((await pipeline.post(`[${" ".repeat(4_000_000)}${newEvent()}]`)).status).toBe(202);
  });

  test("a bomb is no more than its bytes", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        pipeline.post(gzipSync(Buffer.alloc(4 * 1024 * 1024, "[")), {
          "content-type": "application/json",
          "content-encoding": "gzip",
        }),
      ),
    );
    for (const answer of answers) expect([400, 422, 503]).toContain(answer.status);
  });
});
