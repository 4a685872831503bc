import { describe, expect, test } from "vitest";
import { createMode } from "./mode.ts";

const door = () =>
  createMode<"open" | "shut" | "locked">(
    "the door",
    { open: ["shut"], shut: ["open", "locked"], locked: ["shut"] },
    "open",
  );

describe("a mode", () => {
  test("is entered from where its table says, and can be read", () => {
    const mode = door();
    mode.enter("shut");
    mode.enter("locked");
    expect([mode.now, mode.is("locked"), mode.is("open", "shut")]).toEqual(["locked", true, false]);
  });

  test("throws at every other way, naming both ends, and stays what it was", () => {
    const mode = door();
    expect(() => mode.enter("locked")).toThrow("the door can only enter locked from shut; it is open");
    expect(() => mode.enter("open")).toThrow("the door can only enter open from shut; it is open");
    expect(mode.now).toBe("open");
  });
});
