import { createManualClock, settlePromises } from "@spillway/memory";
import { describe, expect, test } from "vitest";
import { createNotifier } from "./notifier.ts";

describe("a notifier", () => {
  test("wakes all who wait, and none who come later", async () => {
    const notifier = createNotifier(createManualClock());
    const woken: string[] = [];
    notifier.wait().then(() => woken.push("a"));
    notifier.wait().then(() => woken.push("b"));
    notifier.notify();
    notifier.wait().then(() => woken.push("c"));
    await settlePromises();
    expect(woken).toEqual(["a", "b"]);
  });

  test("a wait with a limit ends at the notice or at the limit, and leaves no sleeper behind", async () => {
    const clock = createManualClock();
    const notifier = createNotifier(clock);
    let ended = 0;
    const end = () => ended++;
    notifier.waitAtMost(100).then(end);
    notifier.notify();
    await settlePromises();
    expect([ended, clock.sleeping()]).toEqual([1, 0]);
    notifier.waitAtMost(100).then(end);
    await clock.advance(100);
    notifier.notify();
    expect([ended, clock.sleeping()]).toEqual([2, 0]);
  });
});
