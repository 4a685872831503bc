import { expect, test } from "vitest";
import { createCounted } from "./counted.ts";

/** A count that takes so long by a clock that nobody waits for. */
const setUp = (tookMs: number) => {
  let nowMs = 1_000;
  let counts = 0;
  let answer: number | null = 0;
  const clock = { wallMs: () => nowMs, monotonicMs: () => nowMs };
  const latest = createCounted(async () => {
    counts++;
    const mine = answer === null ? null : counts;
    await Promise.resolve();
    nowMs += tookMs;
    return mine;
  }, clock);
  return {
    latest,
    counts: () => counts,
    pass: (ms: number) => (nowMs += ms),
    fail: () => (answer = null),
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  };
};

test("what is cheap is counted for each page, and once for all who ask meanwhile", async () => {
  const { latest, counts } = setUp(5);
  expect(await latest()).toEqual({ value: 1, atMs: 1_000 });
  expect(await Promise.all([latest(), latest()])).toEqual([
    { value: 2, atMs: 1_005 },
    { value: 2, atMs: 1_005 },
  ]);
  expect(counts()).toBe(2);
});

test("for what is dear nobody waits but the first, and it rests twenty times as long as it took", async () => {
  const { latest, counts, pass, settle } = setUp(500);
  expect(await latest()).toEqual({ value: 1, atMs: 1_000 });
  pass(9_999);
  expect(await latest()).toEqual({ value: 1, atMs: 1_000 });
  expect(counts()).toBe(1);
  pass(1);
  expect(await Promise.all([latest(), latest()])).toEqual([
    { value: 1, atMs: 1_000 },
    { value: 1, atMs: 1_000 },
  ]);
  await settle();
  expect([counts(), await latest()]).toEqual([2, { value: 2, atMs: 11_500 }]);
});

test("what cannot be counted is not known any more, and asked for again", async () => {
  const { latest, counts, pass, fail, settle } = setUp(500);
  await latest();
  fail();
  pass(10_000);
  await latest();
  await settle();
  expect(await latest()).toBe(null);
  expect(counts()).toBe(3);
});
