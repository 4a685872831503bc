import { expect, test } from "vitest";
import { inSpan } from "./traces.ts";
import { createTracesSpy } from "./traces-spy.ts";

test("a span ends with what is told of its work, and as failed where that throws; without one only the work is done", async () => {
  const traces = createTracesSpy();
  const work = async () => 7;
  const told = (result: number) => ({ attributes: { result }, failure: "odd" });
  expect(await inSpan(traces.begin("append", null), work, told)).toBe(7);
  const failing = inSpan(traces.begin("append", null), () => Promise.reject(new Error("no")), told);
  await expect(failing).rejects.toThrow("no");
  expect(traces.spans("append")).toMatchObject([
    { hasEnded: true, attributes: { result: 7 }, failure: "odd" },
    { hasEnded: true, attributes: {}, failure: "threw" },
  ]);
  expect(await inSpan(null, work, told)).toBe(7);
});
