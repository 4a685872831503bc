import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { readBinary } from "./binary.ts";
import type { Defaults } from "./event.ts";
import { nothingSeen } from "./json.ts";
import { outline } from "./outline.ts";
import { bodyPieces, linesPieces, readBody, readLines } from "./read.ts";
import { Texts, valuesIn } from "./values.ts";

const MIB = 1024 * 1024;
const encode = (text: string) => new TextEncoder().encode(text);
const defaults: Defaults = { source: "/key", nowMs: 0, newId: () => "new-id", traceparent: null };
const limits = { eventBytesMax: 8 * MIB, depthMax: 64, batchEventsMax: 1000 };
const many = { ...limits, batchEventsMax: 1_000_000 };

const countedOnes = new WeakMap<object, { readonly bytes: Uint8Array; readonly steps: { count: number } }>();
/** The runtime decodes so many bytes, or more, in the time of one look. */
const DECODED_A_STEP = 16;
const { decode } = TextDecoder.prototype;
beforeAll(() => {
  TextDecoder.prototype.decode = function (input, options) {
    const counted = countedOnes.get(input as object);
    if (counted !== undefined) counted.steps.count += counted.bytes.length / DECODED_A_STEP;
    return decode.call(this, counted?.bytes ?? input, options);
  };
});
afterAll(() => {
  TextDecoder.prototype.decode = decode;
});

/** Bytes that count how often one of them is looked at, or decoded; views of them count, too. */
const counted = (bytes: Uint8Array, steps: { count: number }): Uint8Array => {
  const proxy = new Proxy(bytes, {
    get: (target, name) => {
      if (name === "subarray") return (from: number, to: number) => counted(target.subarray(from, to), steps);
      if (name === "indexOf")
        return (byte: number, from: number) => {
          const at = target.indexOf(byte, from);
          steps.count += (at < 0 ? target.length : at) - from;
          return at;
        };
      if (name !== "length") steps.count++;
      return Reflect.get(target, name, target);
    },
  });
  countedOnes.set(proxy, { bytes, steps });
  return proxy;
};

const readers: readonly (readonly [string, (bytes: Uint8Array) => unknown])[] = [
  ["json", (bytes) => readBody(bytes, defaults, limits)],
  ["lines", (bytes) => readLines(bytes, defaults, limits)],
  ["binary", (bytes) => readBinary([["ce-type", "t"]], "application/json", bytes, defaults, limits)],
];

const before = ["", "[", '{"events":[', '{"type":"t","data":[', '{"type":"t","data":"', '{"type":"t","data":{"a":'].map(
  encode,
);
const structural = Array.from('{}[]",:\\ \n0-et\u00c3', (letter) => letter.charCodeAt(0));
const fillings = [
  ...Array.from({ length: 256 }, (_, byte) => [byte]),
  ...structural.flatMap((one) => structural.map((other) => [one, other])),
];

const bodyOf = (start: Uint8Array, filling: readonly number[], length: number): Uint8Array => {
  const body = new Uint8Array(length);
  body.set(start);
  body.set(filling, start.length);
  for (let at = start.length + filling.length; at < length; at += at - start.length)
    body.copyWithin(at, start.length, at);
  return body;
};

const stepsOf = (read: (bytes: Uint8Array) => unknown, body: Uint8Array): number => {
  const steps = { count: 0 };
  read(counted(body, steps));
  return steps.count;
};

/** No byte is looked at more often than this, whatever the body. */
const STEPS_A_BYTE = 10;

describe.each(readers)("the reading of %s", (_name, read) => {
  test("looks at each byte a fixed number of times, whatever byte or pair of bytes fills the body", () => {
    const costs = before.flatMap((start) =>
      fillings.map((filling) => ({ start, filling, steps: stepsOf(read, bodyOf(start, filling, 256)) })),
    );
    const [most] = costs.sort((a, b) => b.steps - a.steps);
    if (most === undefined) throw new Error("nothing was read");
    expect(most.steps).toBeLessThan(256 * STEPS_A_BYTE);
    expect(stepsOf(read, bodyOf(most.start, most.filling, 4 * MIB))).toBeLessThan(4 * MIB * STEPS_A_BYTE);
  }, 60_000);

  test("comes to an end with 4 MiB of each", () => {
    for (const filling of fillings) read(bodyOf(encode(""), filling, 4 * MIB));
  }, 60_000);
});

test("the reading of strings comes to an end with 4 MiB of each byte", () => {
  for (const filling of fillings.slice(0, 256))
    readBody(bodyOf(encode('{"type":"t","data":"'), filling, 4 * MIB), defaults, limits);
}, 60_000);

test("of an event nothing is built but its attributes, whatever its data holds", () => {
  const names = Array.from({ length: 300_000 }, (_, i) => `"${i.toString(36)}":0`).join();
  for (const data of [
    `{${names}}`,
    `[${"[],".repeat(1_000_000)}0]`,
    `[${"{},".repeat(1_000_000)}0]`,
    `"${names.length}"`,
  ]) {
    const body = encode(`{"type":"t","data":${data},"id":"1"}`);
    expect(outline(body, 0, nothingSeen())).toBe(body.length);
    const { known: values, others } = valuesIn(body, new Texts());
    expect([values.filter((value) => value !== undefined), others]).toEqual([["t", "1", {}], []]);
  }
});

test("of an event beyond a limit nothing is built at all", () => {
  const cut = vi.spyOn(Texts.prototype, "cut");
  const bodies = [
    `{"type":"${"x".repeat(1_000)}"}`,
    `{"type":"u","data":${"[".repeat(64)}${"]".repeat(64)}}`,
    `{"type":"v",${'"a":"b",'.repeat(100)}"b":"c"}`,
    `{"type":"w","id":"x"}`,
  ];
  const read = readBody(encode(`[${bodies.join()}]`), defaults, { ...limits, eventBytesMax: 1_000 });
  expect(read.kind === "ok" && read.events.map((event) => event.kind === "invalid" && event.code)).toEqual([
    "event_too_large",
    "event_too_deep",
    "too_many_members",
    false,
  ]);
  expect(cut.mock.results.map(({ value }) => value)).toEqual(["w", "x"]);
  cut.mockRestore();
});

test.each([
  ["blank lines", (bytes: Uint8Array) => linesPieces(bytes, defaults, limits), "\n"],
  ["lines of space", (bytes: Uint8Array) => linesPieces(bytes, defaults, limits), "   \r\n"],
  ["events in lines", (bytes: Uint8Array) => linesPieces(bytes, defaults, many), '{"type":"t"}\n'],
  ["space", (bytes: Uint8Array) => bodyPieces(bytes, defaults, limits), " "],
  ["brackets", (bytes: Uint8Array) => bodyPieces(bytes, defaults, limits), "["],
  ["events", (bytes: Uint8Array) => bodyPieces(bytes, defaults, many), '{"type":"t"},', "["],
  [
    "events with 98 names each",
    (bytes: Uint8Array) => bodyPieces(bytes, defaults, many),
    `{"type":"t",${Array.from({ length: 98 }, (_, i) => `"x${i}":0`).join()}},`,
    "[",
  ],
  [
    "events with space between",
    (bytes: Uint8Array) => bodyPieces(bytes, defaults, many),
    `{}${" ".repeat(9_000)},`,
    "[",
  ],
])("a large body of %s is read in pieces, and no piece is larger than two", (_, read, filling, start = "") => {
  const bytes = encode(start + filling.repeat(Math.ceil(MIB / filling.length)));
  const steps = { count: 0 };
  const pieces = read(counted(bytes, steps));
  const costs: number[] = [];
  for (let before = 0, done = false; !done; before = steps.count) {
    done = pieces.next().done === true;
    costs.push(steps.count - before);
  }
  expect(Math.max(...costs)).toBeLessThan(2 * 64 * 1024 * STEPS_A_BYTE);
  if (filling !== "[") expect(costs.length).toBeGreaterThan(8);
});

test("of an event whose attributes lie far apart each byte is decoded twice at most", () => {
  const far = `,"x":[${"0,".repeat(40_000)}0]`;
  const members = Array.from({ length: 40 }, (_, i) => `"a${i}":"${"v".repeat(i)}"${far.replace("x", `x${i}`)}`);
  const body = encode(`{"type":"t",${members.join()}}`);
  const steps = { count: 0 };
  outline(body, 0, nothingSeen());
  valuesIn(counted(body, steps), new Texts());
  expect(steps.count).toBeGreaterThan(body.length / DECODED_A_STEP / 10);
  expect(steps.count).toBeLessThan((2 * body.length) / DECODED_A_STEP);
});
