import { createManualClock } from "@spillway/memory";
import { describe, expect, test } from "vitest";
import { createGathering } from "./gathering.ts";

/** Hands over so many records a second, every 10 ms, for a second. */
const busy = async (perSecond: number) => {
  const clock = createManualClock();
  const gathering = createGathering(clock);
  for (let i = 0; i < 100; i++) {
    await clock.advance(10);
    gathering.handedOver(perSecond / 100);
  }
  return { clock, gathering };
};

describe("gathering", () => {
  test.each([
    [0, 0],
    [1_000, 0],
    [1_500, 0],
    [6_000, 50],
    [100_000, 50],
  ])("at %i records a second a lane waits %i ms", async (perSecond, waitMs) => {
    const { gathering } = await busy(perSecond);
    expect(gathering.waitMs(1)).toBeCloseTo(waitMs, 0);
  });

  test("a lane that has enough for a batch does not wait", async () => {
    const { gathering } = await busy(100_000);
    expect(gathering.waitMs(500)).toBe(0);
  });

  test("the first events after a pause do not wait for what was before it", async () => {
    const { clock, gathering } = await busy(100_000);
    await clock.advance(10_000);
    gathering.handedOver(1);
    expect(gathering.waitMs(1)).toBe(0);
  });
});
