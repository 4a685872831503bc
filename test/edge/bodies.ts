import { gzipSync } from "node:zlib";
import { hostileEvent, textOfEvent } from "../flow/hostile-event.ts";
import type { Random } from "../simulation/random.ts";

/* Bodies in every format: right ones, right ones that were damaged, and what is none at all. */

export type Body = {
  readonly path: "/v1/events" | "/v1/batch";
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
};

const SPACES = [" ", "\t", "  "];
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const noise = (length: number, random: Random): Uint8Array => Uint8Array.from({ length }, () => random.below(256));

/** What no sender means, and some send. */
const oddities: readonly ((random: Random) => string)[] = [
  () => "",
  () => "null",
  () => '"text"',
  () => "[[[]]]",
  () => "{}",
  () => '{"type":"t","type":"u"}',
  () => '{"type":"t","events":[]}',
  () => '{"events":{"type":"t"}}',
  () => '{"type":7,"time":"x","Foo":1,"data":{},"data_base64":"AA=="}',
  (random) => "[".repeat(random.between(1, 3_000)),
  (random) => `{"type":"t","data":${'{"a":'.repeat(random.between(1, 200))}`,
  (random) => `{"type":"${"x".repeat(random.between(1_000, 1_100))}"}`,
  (random) => `{"type":"t",${Array.from({ length: random.between(95, 105) }, (_, n) => `"a${n}":1`).join(",")}}`,
  (random) => `{"type":"t","partitionKey":"k","subject":${random.pick(["1", "[]", '""', '"\\ud800"', '"\\u0000"'])}}`,
  () => "\ufeff{}",
  () => '{"type":"t","data":NaN}',
];

const eventText = (number: number, random: Random): string =>
  random.chance(0.8) ? textOfEvent(hostileEvent(number, random, SPACES)) : random.pick(oddities)(random);

/** One byte more, less or other; a part cut off, or there twice; other bytes ahead or in between. */
const damaged = (bytes: Uint8Array, random: Random): Uint8Array => {
  const at = random.below(bytes.length + 1);
  const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at)];
  const middle = random.pick([
    () => noise(random.between(1, 8), random),
    () => encode(random.pick(['"', "{", "}", "[", "]", ",", ":", "\\", "\n", "\u0000", "\\u", "1e"])),
    () => before.subarray(random.below(before.length + 1)),
  ])();
  const kept = random.chance(0.5) ? behind.subarray(random.below(behind.length + 1)) : behind;
  return random.chance(0.2) ? before : new Uint8Array(Buffer.concat([before, middle, kept]));
};

const textsOf = (number: number, random: Random): readonly string[] =>
  Array.from({ length: random.chance(0.05) ? 0 : random.between(1, 5) }, (_, n) => eventText(number * 10 + n, random));

const headerValues = [
  "",
  "1.0",
  "t",
  "/s",
  "%",
  "%zz",
  "%C3%A9",
  '"a\\"b"',
  '"',
  "a, b",
  "2020-02-29T23:59:59Z",
  "x".repeat(1_025),
];

const binaryHeaders = (number: number, random: Random): Readonly<Record<string, string>> => {
  const own: Record<string, string> = {
    "ce-id": `b-${number}`,
    "ce-type": "t",
    "ce-source": "/s",
    "ce-specversion": "1.0",
  };
  const names = [
    ...Object.keys(own),
    "ce-time",
    "ce-subject",
    "ce-x",
    "ce-a_b",
    "ce-data",
    "ce-partitionkey",
    `ce-${"n".repeat(65)}`,
  ];
  if (random.chance(0.6)) own[random.pick(names)] = random.pick(headerValues);
  if (random.chance(0.1)) delete own[random.pick(["ce-id", "ce-source", "ce-specversion"])];
  return {
    ...own,
    "content-type": random.pick([
      "application/json",
      "text/plain",
      "application/msgpack",
      "application/json; charset=latin1",
      ";",
    ]),
  };
};

/** By the name of the format: what a body of it is, before anything happens to it. */
export const formats: Readonly<Record<string, (number: number, random: Random) => Body>> = {
  json: (number, random) => ({
    path: "/v1/events",
    headers: { "content-type": "application/json" },
    bytes: encode(eventText(number * 10, random)),
  }),
  structured: (number, random) => ({
    path: "/v1/events",
    headers: { "content-type": "application/cloudevents+json" },
    bytes: encode(eventText(number * 10, random)),
  }),
  array: (number, random) => ({
    path: random.pick(["/v1/events", "/v1/batch"]),
    headers: { "content-type": random.pick(["application/json", "application/cloudevents-batch+json"]) },
    bytes: encode(`[${textsOf(number, random).join(",")}]`),
  }),
  envelope: (number, random) => ({
    path: random.pick(["/v1/events", "/v1/batch"]),
    headers: { "content-type": "application/json" },
    bytes: encode(`{"events":[${textsOf(number, random).join(",")}]${random.chance(0.1) ? ',"x":1' : ""}}`),
  }),
  lines: (number, random) => ({
    path: random.pick(["/v1/events", "/v1/batch"]),
    headers: { "content-type": random.pick(["application/x-ndjson", "application/jsonl"]) },
    bytes: encode(textsOf(number, random).join(random.pick(["\n", "\r\n", "\n\n"]))),
  }),
  binary: (number, random) => ({
    path: "/v1/events",
    headers: binaryHeaders(number, random),
    bytes: random.chance(0.5) ? encode(eventText(number * 10, random)) : noise(random.below(200), random),
  }),
  noise: (_, random) => ({
    path: random.pick(["/v1/events", "/v1/batch"]),
    headers: {
      "content-type": random.pick([
        "application/json",
        "application/x-ndjson",
        "application/cloudevents+json",
        "text/plain",
        "",
      ]),
    },
    bytes: noise(random.below(400), random),
  }),
};

const packed = ({ path, headers, bytes }: Body, random: Random): Body => {
  const zipped = new Uint8Array(gzipSync(bytes, { level: 1 }));
  const isSaid = random.chance(0.9);
  return {
    path,
    headers: isSaid ? { ...headers, "content-encoding": "gzip" } : headers,
    bytes: random.chance(0.2) ? damaged(zipped, random) : zipped,
  };
};

export const bodyOf = (format: string, number: number, random: Random): Body => {
  const made = formats[format];
  if (made === undefined) throw new RangeError(`no format ${format}`);
  const right = made(number, random);
  const sent = random.chance(0.4) ? { ...right, bytes: damaged(right.bytes, random) } : right;
  const keyed = random.chance(0.1) ? { ...sent, headers: { ...sent.headers, "idempotency-key": `k-${number}` } } : sent;
  return random.chance(0.1) ? packed(keyed, random) : keyed;
};
