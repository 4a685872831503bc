import { expect, test } from "vitest";
import { createSince } from "./since.ts";

test("a state is as old as the look that found it, each name for itself", () => {
  let nowMs = 100;
  const since = createSince({ monotonicMs: () => nowMs });
  expect(since("kafka", "up")).toBe(0);
  nowMs += 5;
  expect([since("kafka", "up"), since("redis", "up")]).toEqual([5, 0]);
  nowMs += 5;
  expect([since("kafka", "down"), since("redis", "up")]).toEqual([0, 5]);
  nowMs += 5;
  expect([since("kafka", "down"), since("kafka", "up")]).toEqual([5, 0]);
});
