import { encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeChunk, UndecodableChunk } from "./chunk.ts";
import { platform } from "./platform.node.ts";

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.info(`columns.test.ts SEED=${seed}`);

/** A chunk of any body with a checksum that is right. */
const sealed = (body: unknown): Uint8Array => {
  const bytes = encode(body);
  return Uint8Array.from([1, 0, ...platform.sha256(bytes), ...bytes]);
};

const good = (): unknown[] => [
  1_000,
  ["a", "b"],
  ["key", null],
  [null, "00-trace"],
  [0, 3],
  "0123456789abcdefABCDEFGHIJ-_wxyz",
  [1, 2],
  Uint8Array.of(1, 2, 3),
  [0, 5],
  ["state", null],
];

const decode = (body: unknown) => decodeChunk(sealed(body), platform);
const withColumn = (index: number, value: unknown): unknown[] => good().with(index, value);

const names = [
  "receivedAtMs",
  "types",
  "partitionKeys",
  "traceparents",
  "replays",
  "identities",
  "lengths",
  "data",
  "laterMs",
  "tracestates",
];

const bad: readonly (readonly [column: string, values: readonly unknown[]])[] = [
  ["receivedAtMs", [-1, 1.5, 1e15, -5e15, Number.NaN, Number.POSITIVE_INFINITY, "1000", null, [], new Date(0)]],
  ["types", [[], [1, "b"], ["a", null], "ab", { 0: "a", 1: "b", length: 2 }, null, 2]],
  ["partitionKeys", [[1, null], ["a", {}], [["a"], null], [null], [null, null, null], null, "ab", [true, null]]],
  ["traceparents", [[1, null], ["a", {}], [null], [null, null, null], null, "ab", [Uint8Array.of(1), null]]],
  ["replays", [[0, -1], [0, 0.5], [0, 2 ** 31], [0, null], ["0", 0], [0], [0, 0, 0], null, 0]],
  ["identities", ["", "0123456789abcdef", `${"a".repeat(31)}\u0000`, `${"a".repeat(31)} `, "a".repeat(33), null, 32]],
  ["lengths", [[-1, 4], [0, 0], [1, 3], [1.5, 1.5], [3], [1, 1, 1], ["1", 2], [null, 3], null, 3]],
  ["data", ["abc", [1, 2, 3], null, 3, { length: 3 }]],
  ["laterMs", [[-1, 0], [0.5, 0], [0], [0, 0, 0], [0, 1e14], ["0", 0], "00", 0, false]],
  ["tracestates", [[1, null], [null], [null, null, null], [{}, null], "ab", 0, false]],
];

test.each(bad)("a chunk with a wrong column %s does not decode, and its name is told", (column, values) => {
  for (const value of values) {
    const body = withColumn(names.indexOf(column), value);
    expect(() => decode(body), JSON.stringify(value)).toThrow(`chunk does not decode: column ${column} is`);
  }
});

test("a chunk is an array of at least eight columns; those that came later may be missing, and those to come be there", () => {
  for (const body of [null, 1, "text", {}, [], good().slice(0, 7), Object.assign({}, good())])
    expect(() => decode(body)).toThrow("chunk does not decode: columns are missing");
  const tracestates = (body: unknown[]) => decode(body).events.map((event) => event.tracestate);
  expect(tracestates(good().slice(0, 8))).toEqual([undefined, undefined]);
  expect(tracestates([...good().slice(0, 8), null, null])).toEqual([undefined, undefined]);
  expect(tracestates([...good(), ["of a", "later version"]])).toEqual(["state", undefined]);
});

test("whatever stands in whichever column, a chunk decodes to events or is undecodable", () => {
  const value = fc.oneof(fc.anything(), fc.array(fc.anything(), { minLength: 2, maxLength: 2 }));
  fc.assert(
    fc.property(fc.nat(9), value, (index, wrong) => {
      try {
        const { events } = decode(withColumn(index, wrong));
        for (const event of events) {
          expect(typeof event.type).toBe("string");
          expect(event.dedupKey).toHaveLength(16);
        }
      } catch (error) {
        if (error instanceof UndecodableChunk) return;
        // What MsgPack cannot even write is no chunk.
        expect(() => sealed(withColumn(index, wrong))).toThrow();
      }
    }),
    { seed, numRuns: 2_000 },
  );
});

test("an array that says to be longer than its bytes takes no memory for it", () => {
  const body = Uint8Array.of(0xdd, 0x7f, 0xff, 0xff, 0xff);
  const chunk = Uint8Array.from([1, 0, ...platform.sha256(body), ...body]);
  expect(() => decodeChunk(chunk, platform)).toThrow(UndecodableChunk);
});
