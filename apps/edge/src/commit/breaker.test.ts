import { describe, expect, test } from "vitest";
import { type BreakerState, createBreaker, type Verdict } from "./breaker.ts";

const breakerAfter = async (timeoutOpens: boolean, verdicts: readonly Verdict[]) => {
  const changes: BreakerState[] = [];
  const breaker = createBreaker({ failuresMax: 3, timeoutOpens, onChange: (state) => changes.push(state) });
  for (const verdict of verdicts) await breaker.run(async () => verdict);
  return { breaker, changes };
};

describe("the breaker", () => {
  test.each([
    { timeoutOpens: true, verdicts: ["timeout"], state: "open" },
    { timeoutOpens: false, verdicts: ["timeout", "timeout"], state: "closed" },
    { timeoutOpens: false, verdicts: ["timeout", "failed", "timeout"], state: "open" },
    { timeoutOpens: true, verdicts: ["failed", "failed"], state: "closed" },
    { timeoutOpens: true, verdicts: ["failed", "failed", "failed"], state: "open" },
    { timeoutOpens: true, verdicts: ["failed", "failed", "ok", "failed", "failed"], state: "closed" },
    { timeoutOpens: true, verdicts: ["failed", "failed", "refused", "failed"], state: "closed" },
    { timeoutOpens: true, verdicts: Array(20).fill("refused"), state: "closed" },
  ] as const)("after $verdicts (one timeout opens it: $timeoutOpens) it is $state", async (row) => {
    const { breaker } = await breakerAfter(row.timeoutOpens, row.verdicts);
    expect(breaker.state()).toBe(row.state);
  });

  test("the next attempt is the probe, and only its success closes it", async () => {
    const { breaker, changes } = await breakerAfter(true, ["timeout", "failed", "ok"]);
    expect(breaker.state()).toBe("closed");
    expect(changes).toEqual(["open", "half_open", "open", "half_open", "closed"]);
  });

  test("an attempt that throws is a failure, and its error goes on", async () => {
    const { breaker, changes } = await breakerAfter(true, ["timeout"]);
    const bug = breaker.run(() => Promise.reject(new Error("a bug")));
    await expect(bug).rejects.toThrow("a bug");
    expect(changes).toEqual(["open", "half_open", "open"]);
  });

  test.each(["timeout", "ok"] as const)("%s of an attempt from before it opened changes nothing", async (verdict) => {
    const { breaker, changes } = await breakerAfter(true, []);
    let finish: (verdict: Verdict) => void = () => undefined;
    const late = breaker.run(
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    );
    await breaker.run(async () => "timeout");
    finish(verdict);
    await late;
    expect(breaker.state()).toBe("open");
    expect(changes).toEqual(["open"]);
  });
});
