import fc from "fast-check";
import { expect, test } from "vitest";
import type { Attributes } from "./event.ts";
import { platform } from "./platform.node.ts";
import { identityOf, sealEvent } from "./seal.ts";
import { shardOf } from "./shard.ts";

const attributes: Attributes = { id: "1", source: "/s", type: "t", partitionKey: null, traceparent: null };
const seal = (over: Partial<Attributes> = {}, producer = "shop") =>
  sealEvent({ ...attributes, ...over }, new Uint8Array(), 8, platform, producer);

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.info(`seal.test.ts SEED=${seed}`);

test("producer, source and id decide the identity, and nothing else does", () => {
  expect(seal({ type: "other", partitionKey: "k" }).identity).toBe(seal().identity);
  expect(seal({ source: "/s2" }).identity).not.toBe(seal().identity);
  expect(seal({ id: "2" }).identity).not.toBe(seal().identity);
  expect(seal({}, "evil").identity).not.toBe(seal().identity);
  expect(seal().dedupKey).toBe(seal().identity);
});

test("no producer can spell another's identity, whatever separators its parts hold", () => {
  const part = fc.string({ unit: fc.constantFrom(..."a1:/\n,|\u0000"), maxLength: 4 });
  const parts = fc.tuple(part, part, part);
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      const same = one.every((text, i) => text === other[i]);
      expect(identityOf(...one, platform) === identityOf(...other, platform)).toBe(same);
    }),
    { seed, numRuns: 5_000 },
  );
  const joined: [string, string, string][] = [];
  for (const text of ["1:1:ab", "a\n1", "a:1"])
    for (let i = 0; i <= text.length; i++)
      for (let j = i; j <= text.length; j++) joined.push([text.slice(0, i), text.slice(i, j), text.slice(j)]);
  expect(new Set(joined.map((one) => identityOf(...one, platform))).size).toBe(joined.length);
});

test("events of one partition key share a shard", () => {
  const shards = Array.from({ length: 50 }, (_, i) => seal({ id: String(i), partitionKey: "customer-1" }).shard);
  expect(new Set(shards).size).toBe(1);
});

test("the shard of a text never changes", () => {
  expect(["", "a", "customer-1", "ключ", "😀"].map((text) => shardOf(text, 1000))).toMatchInlineSnapshot(`
    [
      923,
      715,
      816,
      672,
      206,
    ]
  `);
});

test("similar keys spread evenly over the shards", () => {
  const counts = new Array<number>(8).fill(0);
  for (let i = 0; i < 8000; i++) {
    const shard = shardOf(`customer-${i}`, 8);
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(800);
  expect(Math.max(...counts)).toBeLessThan(1200);
});
