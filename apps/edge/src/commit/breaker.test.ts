import { describe, expect, test } from "vitest";
import { type BreakerState, createBreaker, type Verdict } from "./breaker.ts";

const breakerAfter = async (timeoutOpens: boolean, verdicts: readonly Verdict[]) => {
  const changes: BreakerState[] = [];
  const attempt = createBreaker({ failuresMax: 3, timeoutOpens, onChange: (state) => changes.push(state) });
  for (const verdict of verdicts) await attempt(async () => verdict);
  return { attempt, changes };
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
    const { changes } = await breakerAfter(row.timeoutOpens, row.verdicts);
    expect(changes.at(-1) ?? "closed").toBe(row.state);
  });

  test("the next attempt is the probe, and only its success closes it", async () => {
    const { changes } = await breakerAfter(true, ["timeout", "failed", "ok"]);
    expect(changes).toEqual(["open", "half_open", "open", "half_open", "closed"]);
  });

  test("an attempt that throws is a failure, and its error goes on", async () => {
    const { attempt, changes } = await breakerAfter(true, ["timeout"]);
    const bug = attempt(() => Promise.reject(new Error("a bug")));
    await expect(bug).rejects.toThrow("a bug");
    expect(changes).toEqual(["open", "half_open", "open"]);
  });

  test.each(["timeout", "ok"] as const)("%s of an attempt from before it opened changes nothing", async (verdict) => {
    const { attempt, changes } = await breakerAfter(true, []);
    let finish: (verdict: Verdict) => void = () => undefined;
    const late = attempt(
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    );
    await attempt(async () => "timeout");
    finish(verdict);
    await late;
    expect(changes).toEqual(["open"]);
  });
});
