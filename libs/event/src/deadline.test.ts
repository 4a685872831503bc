import { describe, expect, test } from "vitest";
import { systemClock } from "./clock.ts";
import { late, within } from "./deadline.ts";

const never = new Promise<never>(() => undefined);

describe("within", () => {
  test("gives what the work gives in time", async () => {
    expect(await within(systemClock, 60_000, Promise.resolve(1))).toBe(1);
  });

  test("rejects as the work does", async () => {
    await expect(within(systemClock, 60_000, Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  test("gives up on work that does not end", async () => {
    expect(await within(systemClock, 1, never)).toBe(late);
  });

  test("leaves no timer behind", async () => {
    let aborted = false;
    const clock = {
      ...systemClock,
      sleep: (_ms: number, signal?: AbortSignal) =>
        new Promise<void>((resolve) => {
          signal?.addEventListener("abort", () => {
            aborted = true;
            resolve();
          });
        }),
    };
    expect(await within(clock, 60_000, Promise.resolve("done"))).toBe("done");
    expect(aborted).toBe(true);
  });

  test("observes a rejection that comes too late", async () => {
    let fail: (error: Error) => void = () => undefined;
    const work = new Promise<never>((_resolve, reject) => {
      fail = reject;
    });
    expect(await within(systemClock, 1, work)).toBe(late);
    fail(new Error("too late"));
    await systemClock.sleep(1);
  });
});
