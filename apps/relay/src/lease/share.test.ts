import { describe, expect, test } from "vitest";
import { shareOf } from "./share.ts";

describe("the share of an owner", () => {
  test.each([
    [4, 1],
    [4, 2],
    [4, 3],
    [4, 4],
    [4, 7],
    [64, 5],
  ])("of %i shards, %i owners hold all, evenly, and look for them apart", (shards, live) => {
    const owners = Array.from({ length: live }, (_, i) => `r${i}`);
    const shares = owners.map((owner) => shareOf(owner, owners, shards));
    const counts = shares.map(({ count }) => count);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(shards);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    const wanted = shares.flatMap(({ count, from }) => Array.from({ length: count }, (_, i) => (from + i) % shards));
    expect(new Set(wanted).size).toBe(shards);
  });

  test("an owner that the list does not name yet counts as the first", () => {
    expect(shareOf("r9", ["r1", "r2"], 4).count).toBe(2);
    expect(shareOf("r9", [], 4).count).toBe(4);
  });
});
