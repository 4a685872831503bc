import { expect, test } from "vitest";
import { Place } from "./place.ts";

test("a partition goes with the others, alone after trouble, and with the others again when that was answered well", () => {
  const place = new Place("orders", 3);
  const seen: string[] = [];
  for (const isWell of [true, false, false, true]) {
    place.departs();
    seen.push(place.mode);
    place.arrives(isWell);
    seen.push(place.mode);
  }
  expect(seen).toEqual(["together", "well", "together", "ailing", "aside", "ailing", "aside", "well"]);
});

test("a second publish while one is under way, or an answer to none, is a programmer's error", () => {
  const place = new Place("orders", 3);
  expect(() => place.arrives(true)).toThrow();
  place.departs();
  expect(() => place.departs()).toThrow();
});
