import { createManualClock } from "@spillway/memory";
import { expect, test } from "vitest";
import { createTimeLimit } from "./time-limit.ts";

test("what does not end in time is ended, each at its own time, and what ended is left alone", async () => {
  const clock = createManualClock();
  const limit = createTimeLimit(clock, 100);
  const over: string[] = [];
  limit.start(() => over.push("a"));
  await clock.advance(40);
  const endB = limit.start(() => over.push("b"));
  limit.start(() => over.push("c"));
  endB();
  await clock.advance(59);
  expect(over).toEqual([]);
  await clock.advance(1);
  expect(over).toEqual(["a"]);
  await clock.advance(40);
  expect(over).toEqual(["a", "c"]);
  limit.start(() => over.push("d"));
  await clock.advance(100);
  expect(over).toEqual(["a", "c", "d"]);
});

test("however many begin and end, one sleeper waits", async () => {
  const clock = createManualClock();
  let sleeps = 0;
  const sleep = (ms: number) => {
    sleeps++;
    return clock.sleep(ms);
  };
  const limit = createTimeLimit({ ...clock, sleep }, 1_000);
  for (let i = 0; i < 10_000; i++) {
    limit.start(() => undefined)();
    if (i % 100 === 0) await clock.advance(1);
  }
  expect(sleeps).toBe(1);
});
