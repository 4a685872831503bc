import { expect, test } from "vitest";
import { createManualClock } from "./manual-clock.ts";

test("wakes sleepers in the order of their times, and those who sleep again on the way", async () => {
  const clock = createManualClock(0);
  const log: string[] = [];
  const tick = async () => {
    for (let turn = 1; turn <= 3; turn++) {
      await clock.sleep(10);
      log.push(`tick ${turn} at ${clock.wallMs()}`);
    }
  };
  void tick();
  void clock.sleep(15).then(() => log.push(`late at ${clock.monotonicMs()}`));
  await clock.advance(25);
  expect(log).toEqual(["tick 1 at 10", "late at 15", "tick 2 at 20"]);
  expect(clock.sleeping()).toBe(1);
});

test("an aborted sleep ends at once", async () => {
  const clock = createManualClock();
  const controller = new AbortController();
  const sleeping = clock.sleep(1000, controller.signal);
  controller.abort();
  await sleeping;
  await clock.sleep(1000, controller.signal);
  expect(clock.sleeping()).toBe(0);
});
