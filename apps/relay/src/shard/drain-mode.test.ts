import { describe, expect, test } from "vitest";
import { createDrainMode, type DrainModeName, diversionOf, stepOf } from "./drain-mode.ts";

/** Each mode, what is done when there are rows, and when there are none, and whether the shard is diverted as far as we know. */
const table: readonly (readonly [DrainModeName, string | null, string | null, string])[] = [
  ["unknown", "begin", "asking", "unknown"],
  ["asking", null, null, "unknown"],
  ["beginning", null, null, "unknown"],
  ["moving", null, null, "begun"],
  ["diverted", "move", "move", "begun"],
  ["ending", null, null, "unknown"],
  ["open", "begin", "looking", "ended"],
  ["looking", null, null, "ended"],
];

describe("the modes of a drain", () => {
  test.each(table)("%s: with rows %s, without %s; diversion %s", (mode, withRows, withNone, diversion) => {
    expect([stepOf(mode, true), stepOf(mode, false), diversionOf(mode)]).toEqual([withRows, withNone, diversion]);
  });

  test("let no row move but behind a diversion that was begun, and none end but one that is known to be read empty", () => {
    const mode = createDrainMode(2);
    expect(() => mode.enter("moving")).toThrow("the drain of shard 2 can only enter moving from beginning, diverted");
    expect(() => mode.enter("ending")).toThrow("can only enter ending from moving; it is unknown");
    for (const step of ["asking", "open", "beginning", "moving", "diverted"] as const) mode.enter(step);
    expect(() => mode.enter("ending")).toThrow("can only enter ending from moving; it is diverted");
  });
});
