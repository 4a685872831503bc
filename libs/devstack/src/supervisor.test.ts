import { expect, test } from "vitest";
import { diedAtOnce, restartDelayMs } from "./supervisor.ts";

test("two deaths at once cost nothing, the next ones up to five seconds", () => {
  expect([0, 1, 2, 3, 4, 5, 9, 99].map(restartDelayMs)).toEqual([0, 0, 0, 250, 500, 1_000, 5_000, 5_000]);
});

test("only a process that ends by itself right after its start died at once", () => {
  expect(diedAtOnce({ code: 1, signal: null }, 300)).toBe(true);
  expect(diedAtOnce({ code: null, signal: "SIGSEGV" }, 300)).toBe(true);
  expect(diedAtOnce({ code: 1, signal: null }, 3_000)).toBe(false);
  expect(diedAtOnce({ code: null, signal: "SIGKILL" }, 300)).toBe(false);
});
