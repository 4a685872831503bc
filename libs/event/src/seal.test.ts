import { expect, test } from "vitest";
import type { Attributes } from "./event.ts";
import { platform } from "./platform.node.ts";
import { sealEvent } from "./seal.ts";
import { shardOf } from "./shard.ts";

const attributes: Attributes = { id: "1", source: "/s", type: "t", partitionKey: null, traceparent: null };
const seal = (over: Partial<Attributes> = {}, replay = 0) =>
  sealEvent({ ...attributes, ...over }, new Uint8Array(), 8, platform, replay);

test("source and id decide the dedup key, and nothing else does", () => {
  expect(seal({ type: "other" }).dedupKey).toBe(seal().dedupKey);
  expect(seal({ source: "/s2" }).dedupKey).not.toBe(seal().dedupKey);
  expect(seal({ source: "/s\n1", id: "" }).dedupKey).not.toBe(seal({ source: "/s", id: "12" }).dedupKey);
});

test("a replay has a dedup key of its own in the shard of its original", () => {
  const shards = new Set([0, 1, 2, 3].map((replay) => seal({}, replay).shard));
  const keys = new Set([0, 1, 2, 3].map((replay) => seal({}, replay).dedupKey));
  expect([shards.size, keys.size]).toEqual([1, 4]);
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
