import { describe, expect, test } from "vitest";
import { ATTEMPTS_OWN, createLoginLimit, SHARED_PER_SECOND } from "./login-limit.ts";

const setUp = () => {
  let nowMs = 5_000;
  const limit = createLoginLimit({ monotonicMs: () => nowMs });
  const checked = (client: string, attempts: number): number =>
    Array.from({ length: attempts }, () => limit.attempt(client)).filter(({ isChecked }) => isChecked).length;
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { limit, checked, pass };
};

describe("the login limit", () => {
  test("compares no more than each client's own attempts and the shared ones", () => {
    const { checked, pass } = setUp();
    expect(checked("a", 5_000)).toBe(ATTEMPTS_OWN + SHARED_PER_SECOND);
    pass(100);
    expect(checked("a", 5_000)).toBe(SHARED_PER_SECOND / 10);
    pass(60_000);
    expect(checked("a", 5_000)).toBe(ATTEMPTS_OWN + SHARED_PER_SECOND);
  });

  test("leaves every other client its own attempts while one guesses without end", () => {
    const { limit, checked } = setUp();
    checked("a", 5_000);
    expect(limit.attempt("b")).toEqual({ nth: 1, isChecked: true });
    expect(checked("b", 100)).toBe(ATTEMPTS_OWN - 1);
  });

  test("counts so many clients and no more; the next ones have the shared attempts", () => {
    const { limit, checked, pass } = setUp();
    for (let n = 0; n < 10_000; n++) limit.attempt(`client-${n}`);
    expect(limit.attempt("late")).toEqual({ nth: Number.POSITIVE_INFINITY, isChecked: true });
    expect(limit.attempt("client-7")).toEqual({ nth: 2, isChecked: true });
    expect(checked("late", 5_000)).toBe(SHARED_PER_SECOND - 1);
    pass(60_000);
    expect(limit.attempt("late").nth).toBe(1);
  });

  test("tells when the own attempts come again", () => {
    const { limit, pass } = setUp();
    limit.attempt("a");
    expect(limit.waitSeconds()).toBe(60);
    pass(59_500);
    expect(limit.waitSeconds()).toBe(1);
  });
});
