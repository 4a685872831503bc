import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Chunk,
  copyKeyOf,
  decodeChunk,
  dedupKeysOf,
  encodeChunk,
  mergeChunks,
  receivedAtMsOf,
  UndecodableChunk,
} from "./chunk.ts";
import { platform } from "./platform.node.ts";
import { dedupKeyOf } from "./seal.ts";

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.info(`chunk.test.ts SEED=${seed}`);

const anyText = fc.string({ unit: "binary", maxLength: 40 });
const anyEvent = fc
  .record({
    type: anyText,
    partitionKey: fc.option(anyText),
    traceparent: fc.option(anyText),
    tracestate: fc.option(fc.string({ minLength: 1, maxLength: 40 })),
    replay: fc.nat(9),
    identity: fc.string({ unit: fc.constantFrom(..."abcXYZ019-_"), minLength: 16, maxLength: 16 }),
    bytes: fc.uint8Array({ maxLength: 400 }),
  })
  .map(({ tracestate, ...event }) => (tracestate === null ? event : { ...event, tracestate }))
  .map((event) => ({ ...event, dedupKey: dedupKeyOf(event.identity, event.replay, platform) }));
const anyChunk: fc.Arbitrary<Chunk> = fc
  .record({
    receivedAtMs: fc.nat(2 ** 45),
    events: fc.array(anyEvent, { minLength: 1, maxLength: 60 }),
  })
  .chain((chunk) => fc.constantFrom<Chunk>(chunk, { ...chunk, copied: true }));
const plain = (chunk: Chunk) => ({ ...chunk, events: chunk.events.map((e) => ({ ...e, bytes: [...e.bytes] })) });

test("what was encoded is decoded again, byte for byte", () => {
  fc.assert(
    fc.property(anyChunk, (chunk) => {
      expect(plain(decodeChunk(encodeChunk(chunk, platform), platform))).toEqual(plain(chunk));
    }),
    { seed, numRuns: 500 },
  );
});

test("chunks that were merged keep every event, its place and its own time of ingest", () => {
  fc.assert(
    fc.property(fc.array(anyChunk, { minLength: 1, maxLength: 5 }), (chunks) => {
      const merged = decodeChunk(encodeChunk(mergeChunks(chunks), platform), platform);
      const times = (chunk: Chunk) => chunk.events.map((_, index) => receivedAtMsOf(chunk, index));
      expect(times(merged)).toEqual(chunks.flatMap(times));
      expect(plain(merged).events).toEqual(chunks.flatMap((chunk) => plain(chunk).events));
    }),
    { seed, numRuns: 200 },
  );
});

test("a chunk with any byte changed or cut off does not decode", () => {
  fc.assert(
    fc.property(anyChunk, fc.nat(), fc.integer({ min: 1, max: 255 }), (chunk, where, change) => {
      const bytes = encodeChunk(chunk, platform);
      const at = where % bytes.length;
      expect(() => decodeChunk(bytes.subarray(0, at), platform)).toThrow(UndecodableChunk);
      bytes[at] = (bytes[at] ?? 0) ^ change;
      expect(() => decodeChunk(bytes, platform)).toThrow(UndecodableChunk);
    }),
    { seed, numRuns: 500 },
  );
});

test("a chunk has a copy's key when a copy is kept, the same for the same bytes, and a merged one when any of its parts has", () => {
  fc.assert(
    fc.property(anyChunk, anyChunk, (one, other) => {
      const key = copyKeyOf(encodeChunk(one, platform));
      if (one.copied) expect(key).toMatch(/^[0-9a-f]{32}$/);
      else expect(key).toBe(null);
      expect(copyKeyOf(encodeChunk(one, platform))).toBe(key);
      expect(mergeChunks([one, other]).copied).toBe(one.copied || other.copied ? true : undefined);
    }),
    { seed, numRuns: 200 },
  );
});

test("a hundred similar events of 300 bytes take less than a third of their size", () => {
  const events = Array.from({ length: 100 }, (_, i) => ({
    type: "order.created",
    partitionKey: `customer-${i % 10}`,
    traceparent: null,
    replay: 0,
    identity: platform.digest96(String(i)),
    dedupKey: platform.digest96(String(i)),
    bytes: new TextEncoder().encode(JSON.stringify({ id: i, type: "order.created", data: "lorem ipsum ".repeat(20) })),
  }));
  const size = events.reduce((sum, event) => sum + event.bytes.length, 0);
  expect(encodeChunk({ receivedAtMs: 0, events }, platform).length).toBeLessThan(size / 3);
  expect(dedupKeysOf(events).length).toBe(1600);
});
