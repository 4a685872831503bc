import { expect, test, vi } from "vitest";
import { systemClock } from "./clock.ts";

test("a sleep until a moment that has passed ends at once, and gives no timer a negative time", async () => {
  const timers = vi.spyOn(globalThis, "setTimeout");
  await systemClock.sleep(-5);
  expect(timers.mock.calls.map(([, ms]) => ms)).toEqual([0]);
  timers.mockRestore();
});
