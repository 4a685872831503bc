import { createManualClock } from "@spillway/memory";
import { describe, expect, test } from "vitest";
import { createLinger } from "./linger.ts";

/** Hands over so many records a second, every 10 ms, for a second. */
const busy = async (perSecond: number) => {
  const clock = createManualClock();
  const linger = createLinger(clock);
  for (let i = 0; i < 100; i++) {
    await clock.advance(10);
    linger.handedOver(perSecond / 100);
  }
  return { clock, linger };
};

describe("linger", () => {
  test.each([
    [0, 0],
    [1_000, 0],
    [1_500, 0],
    [6_000, 50],
    [100_000, 50],
  ])("at %i records a second a lane waits %i ms", async (perSecond, waitMs) => {
    const { linger } = await busy(perSecond);
    expect(linger.waitMs(1)).toBeCloseTo(waitMs, 0);
  });

  test("a lane that has enough for a batch does not wait", async () => {
    const { linger } = await busy(100_000);
    expect(linger.waitMs(500)).toBe(0);
  });

  test("nothing waits once nothing is handed over, though nobody says so: a full memory hands over nothing", async () => {
    const { clock, linger } = await busy(100_000);
    await clock.advance(10_000);
    expect([linger.load(), linger.waitMs(1)]).toEqual([0, 0]);
  });

  test("nor does being asked make a busy process look light", async () => {
    const { clock, linger } = await busy(20_000);
    for (let i = 0; i < 100; i++) {
      await clock.advance(10);
      linger.handedOver(200);
      await clock.advance(1);
      expect(linger.load()).toBe(1);
    }
  });

  test("the first events after a pause do not wait for what was before it", async () => {
    const { clock, linger } = await busy(100_000);
    await clock.advance(10_000);
    linger.handedOver(1);
    expect(linger.waitMs(1)).toBe(0);
  });
});
