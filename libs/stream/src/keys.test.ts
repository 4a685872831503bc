import { describe, expect, test } from "vitest";
import { checkNamespace, metaKey, relaysKey, shardKeys } from "./keys.ts";

describe("keys", () => {
  test("of one shard share one hash tag, so that a script over them is single-slot", () => {
    const { dedup, ...keys } = shardKeys("spillway", 3);
    for (const key of [...Object.values(keys), ...dedup]) expect(key).toMatch(/^\{spillway:3\}:/);
    expect(new Set([...Object.values(keys), ...dedup]).size).toBe(8);
  });

  test("of the whole system are the relays and what all agree on", () => {
    expect([relaysKey("spillway"), metaKey("spillway")]).toEqual(["spillway:relays", "spillway:meta"]);
  });

  test("take no namespace that would move the hash tag or need quoting", () => {
    for (const bad of ["", "a}b", "{a", "a b", "a\n", "ä", "x".repeat(65)]) {
      expect(() => checkNamespace(bad), JSON.stringify(bad)).toThrow(TypeError);
    }
    for (const good of ["spillway", "a-b_c.d:1", "x".repeat(64)]) expect(() => checkNamespace(good)).not.toThrow();
  });
});
