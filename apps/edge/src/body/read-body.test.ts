import { createManualClock } from "@spillway/memory";
import { describe, expect, test } from "vitest";
import { createFairYield } from "../fair-yield.ts";
import type { Body } from "./body.ts";
import { BodyBudget, Share } from "./budget.ts";
import { createBodyReader } from "./read-body.ts";
import { Seat, Seats } from "./seat.ts";

const BYTES_MAX = 100_000;

const gzip = async (...members: readonly string[]): Promise<Uint8Array<ArrayBuffer>> => {
  const parts = members.map((text) => new Blob([text]).stream().pipeThrough(new CompressionStream("gzip")));
  return new Uint8Array(
    await new Blob(await Promise.all(parts.map((part) => new Response(part).blob()))).arrayBuffer(),
  );
};

/** A body that comes as the test sends it. */
const sent = () => {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const stream = new ReadableStream<Uint8Array>({
    start: (started) => {
      controller = started;
    },
  });
  const request = new Request("http://edge/", { method: "POST", body: stream, duplex: "half" } as RequestInit);
  return {
    request,
    send: (...bytes: readonly number[]) => controller?.enqueue(new Uint8Array(bytes)),
    end: () => controller?.close(),
    breakOff: () => controller?.error(new Error("gone")),
  };
};

const createReader = ({
  bodyBytesMax = BYTES_MAX,
  bodiesBytesMax = 10 * BYTES_MAX,
  eventBytesMax = Infinity,
  isRefused = (_: Uint8Array): boolean => false,
} = {}) => {
  const clock = createManualClock();
  let turnsTaken = 0;
  const fairYield = createFairYield((then) => {
    turnsTaken++;
    setImmediate(then);
  });
  const budget = new BodyBudget(bodiesBytesMax);
  const seats = new Seats();
  const read = createBodyReader({ clock, fairYield }, { bodyBytesMax, eventBytesMax, bodyTimeoutMs: 30_000 });
  return {
    clock,
    budget,
    turnsTaken: () => turnsTaken,
    read: async (request: Request, sender = "shop"): Promise<Body> => {
      const share = new Share(budget, sender);
      const seat = new Seat(seats);
      try {
        return await read(request, share, seat, isRefused);
      } finally {
        seat.leave(false);
        share.release();
      }
    },
  };
};

const post = (body: Uint8Array<ArrayBuffer> | string, headers: Readonly<Record<string, string>> = {}) =>
  new Request("http://edge/", { method: "POST", body, headers });
const declared = (body: Uint8Array<ArrayBuffer>, headers: Readonly<Record<string, string>> = {}) =>
  post(body, { "content-length": String(body.length), ...headers });
const codeOf = (body: Body) => (body.kind === "ok" ? body.bytes.length : body.code);
const compressed = { "content-encoding": "gzip" };

describe("gzip", () => {
  test.each<readonly [string, () => Promise<Uint8Array<ArrayBuffer>>, string | number]>([
    ["of one member", () => gzip("hello"), 5],
    ["of several members", () => gzip("hello", " ", "world"), 11],
    ["of nothing", () => gzip(""), 0],
    ["up to the limit", () => gzip("x".repeat(BYTES_MAX)), BYTES_MAX],
    ["beyond the limit", () => gzip("x".repeat(BYTES_MAX + 1)), "body_too_large"],
    ["beyond the limit in its second member", () => gzip("x".repeat(BYTES_MAX), "x"), "body_too_large"],
    ["that ends early", async () => (await gzip("hello")).slice(0, -1), "damaged_body"],
    ["that ends in its second member", async () => (await gzip("hello", "world")).slice(0, -9), "damaged_body"],
    ["with something behind it", async () => new Uint8Array([...(await gzip("hello")), 1, 2, 3]), "damaged_body"],
    ["that is none", async () => new TextEncoder().encode("hello"), "damaged_body"],
    ["without a byte", async () => new Uint8Array(), "damaged_body"],
  ])("%s", async (_, bytesOf, expected) => {
    const bytes = await bytesOf();
    const { read, budget } = createReader();
    expect(codeOf(await read(declared(bytes, compressed)))).toBe(expected);
    expect(codeOf(await read(post(bytes, compressed)))).toBe(expected);
    expect(budget.bytesInHand).toBe(0);
  });

  test("is unfolded with a turn for each part but the first", async () => {
    const { read, turnsTaken } = createReader({ bodyBytesMax: 4_000_000, bodiesBytesMax: 400_000_000 });
    await read(declared(await gzip("\n".repeat(30_000)), compressed));
    expect(turnsTaken()).toBe(0);
    const bomb = await gzip("\n".repeat(4_000_000));
    await read(declared(bomb, compressed));
    const alone = turnsTaken();
    expect(alone).toBeGreaterThanOrEqual(4_000_000 / (64 * 1024) - 1);
    await Promise.all(Array.from({ length: 10 }, () => read(declared(bomb, compressed))));
    expect(turnsTaken()).toBe(11 * alone);
  });

  test("is unfolded no further than one event may be long, where its beginning is refused anyhow", async () => {
    const beginnings: number[] = [];
    const { read, turnsTaken } = createReader({
      bodyBytesMax: 4_000_000,
      bodiesBytesMax: 400_000_000,
      eventBytesMax: 1_000_000,
      isRefused: (beginning) => beginnings.push(beginning.length) > 1,
    });
    const bomb = await gzip("x".repeat(4_000_000));
    expect(codeOf(await read(declared(bomb, compressed)))).toBe(4_000_000);
    const whole = turnsTaken();
    expect(codeOf(await read(declared(bomb, compressed)))).toBe(beginnings[1]);
    expect(beginnings).toHaveLength(2);
    for (const length of beginnings) expect(Math.abs(length - 1_000_000)).toBeLessThanOrEqual(64 * 1024);
    expect((turnsTaken() - whole) / whole).toBeLessThan(0.3);
  });

  test("of many parts at once is never fed to unfold to more than a body may have", async () => {
    const bomb = await gzip("x".repeat(40_000_000));
    const { read } = createReader({ bodyBytesMax: 4_000_000, bodiesBytesMax: 400_000_000 });
    const written: number[] = [];
    const write = WritableStreamDefaultWriter.prototype.write;
    WritableStreamDefaultWriter.prototype.write = function (chunk: Uint8Array) {
      written.push(chunk.length);
      return write.call(this, chunk);
    };
    try {
      expect(codeOf(await read(declared(bomb, compressed)))).toBe("body_too_large");
    } finally {
      WritableStreamDefaultWriter.prototype.write = write;
    }
    expect(Math.max(...written) * 1_032).toBeLessThan(4_300_000);
  });

  test.each([0, 1, 5, 2 ** 31, 2 ** 32 - 1])(
    "whose size is said to be %i is damaged, and costs no more",
    async (size) => {
      const { read, budget } = createReader();
      const lying = await gzip("x".repeat(90_000));
      new DataView(lying.buffer).setUint32(lying.length - 4, size, true);
      expect(codeOf(await read(declared(lying, compressed)))).toBe("damaged_body");
      expect(budget.bytesInHand).toBe(0);
    },
  );
});

describe("the budget", () => {
  test("is charged with a declared length before a byte has come, and the next body is refused before it is read", async () => {
    const { read, budget } = createReader({ bodiesBytesMax: 3 * BYTES_MAX });
    const held = sent();
    held.request.headers.set("content-length", String(BYTES_MAX));
    const waiting = read(held.request);
    expect(budget.bytesInHand).toBe(BYTES_MAX);
    const refusedRequest = declared(new Uint8Array(BYTES_MAX));
    expect(codeOf(await read(refusedRequest, "other"))).toBe("overloaded");
    expect(refusedRequest.bodyUsed).toBe(false);
    expect(codeOf(await read(declared(new Uint8Array(300))))).toBe(300);
    held.end();
    await waiting;
    expect(budget.bytesInHand).toBe(0);
  });

  test("is charged with what comes without a length, at most twice of it", async () => {
    const { read, budget } = createReader();
    const slow = sent();
    const waiting = read(slow.request);
    for (let i = 0; i < 1_000; i++) {
      slow.send(1);
      await new Promise(setImmediate);
    }
    expect(budget.bytesInHand).toBeGreaterThanOrEqual(1_000);
    expect(budget.bytesInHand).toBeLessThanOrEqual(2_000);
    slow.end();
    expect(codeOf(await waiting)).toBe(1_000);
  });

  test("is asked for what a body unfolds to before it does, which waits a moment for room, and says so", async () => {
    const { read, budget, clock } = createReader({ bodiesBytesMax: 6 * BYTES_MAX });
    const others = [new Share(budget, "one"), new Share(budget, "two")];
    expect(others.map((share) => share.take(others[0] === share ? 2 * BYTES_MAX : 1.3 * BYTES_MAX))).toEqual([
      true,
      true,
    ]);
    const compressedBody = await gzip("x".repeat(BYTES_MAX));
    const again = async (meanwhile: () => void) => {
      const answer = read(declared(compressedBody, compressed));
      await clock.advance(199);
      meanwhile();
      await clock.advance(1);
      const body = await answer;
      return [codeOf(body), body.kind === "ok" && body.unfoldMs];
    };
    expect(await again(() => undefined)).toEqual(["overloaded", false]);
    expect(await again(() => others.map((share) => share.release()))).toEqual([BYTES_MAX, 200]);
    expect(budget.bytesInHand).toBe(0);
  });

  test.each(["a client that goes away", "a body that does not end"])("gets all back from %s", async (what) => {
    const { read, budget, clock } = createReader();
    const body = sent();
    const waiting = read(body.request);
    body.send(1, 2, 3);
    await new Promise(setImmediate);
    if (what.startsWith("a client")) body.breakOff();
    else await clock.advance(30_000);
    expect(codeOf(await waiting)).toBe(what.startsWith("a client") ? "damaged_body" : "body_too_slow");
    expect(budget.bytesInHand).toBe(0);
  });
});

describe("time", () => {
  test("is given to a body as a whole, declared or not: a byte now and then does not win more", async () => {
    const { read, clock } = createReader();
    const [known, unknown] = [sent(), sent()];
    known.request.headers.set("content-length", "100");
    const answers = Promise.all([read(known.request), read(unknown.request)]);
    for (let second = 0; second < 30; second++) {
      known.send(1);
      unknown.send(1);
      await clock.advance(1_000);
    }
    expect((await answers).map(codeOf)).toEqual(["body_too_slow", "body_too_slow"]);
  });

  test("of 29 seconds is no matter", async () => {
    const { read, clock } = createReader();
    const body = sent();
    const answer = read(body.request);
    await clock.advance(29_000);
    body.send(1, 2);
    body.end();
    expect(codeOf(await answer)).toBe(2);
    await clock.advance(60_000);
  });
});

test("what is too large is still taken off the connection, and not kept", async () => {
  const { read, budget } = createReader();
  const body = sent();
  const answer = read(body.request);
  body.send(...new Array(1_000).fill(1));
  await new Promise(setImmediate);
  const part = new Uint8Array(BYTES_MAX);
  body.send(...part);
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(budget.bytesInHand).toBe(0);
  body.end();
  expect(codeOf(await answer)).toBe("body_too_large");
});
