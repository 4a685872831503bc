import { createManualClock, settlePromises } from "@spillway/memory";
import { describe, expect, test } from "vitest";
import { createBell } from "./bell.ts";

describe("a bell", () => {
  test("wakes all who wait, and none who come later", async () => {
    const bell = createBell(createManualClock());
    const woken: string[] = [];
    bell.wait().then(() => woken.push("a"));
    bell.wait().then(() => woken.push("b"));
    bell.ring();
    bell.wait().then(() => woken.push("c"));
    await settlePromises();
    expect(woken).toEqual(["a", "b"]);
  });

  test("a wait with a limit ends at the ring or at the limit, and leaves no sleeper behind", async () => {
    const clock = createManualClock();
    const bell = createBell(clock);
    let ended = 0;
    const end = () => ended++;
    bell.waitAtMost(100).then(end);
    bell.ring();
    await settlePromises();
    expect([ended, clock.sleeping()]).toEqual([1, 0]);
    bell.waitAtMost(100).then(end);
    await clock.advance(100);
    bell.ring();
    expect([ended, clock.sleeping()]).toEqual([2, 0]);
  });
});
