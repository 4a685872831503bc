import fc from "fast-check";
import { expect, test } from "vitest";
import { addRange, countOf, missingOf, type Range, unionOf } from "./ranges.ts";

const numbersIn = (ranges: readonly Range[]): number[] => [
  ...new Set(ranges.flatMap(([from, below]) => Array.from({ length: Math.max(0, below - from) }, (_, i) => from + i))),
];
const range = fc.tuple(fc.nat(30), fc.nat(30)) as fc.Arbitrary<Range>;
const isInOrder = (ranges: readonly Range[]): boolean =>
  ranges.every(([from, below], i) => from < below && from > (ranges[i - 1]?.[1] ?? -1));

test("ranges are the numbers that were added, in order and apart, in whatever order they came", () => {
  fc.assert(
    fc.property(fc.array(range), (added) => {
      const ranges: Range[] = [];
      for (const [from, below] of added) addRange(ranges, from, below);
      expect(isInOrder(ranges)).toBe(true);
      expect(numbersIn(ranges)).toEqual(numbersIn(added).sort((a, b) => a - b));
      expect(countOf(ranges)).toBe(numbersIn(added).length);
      expect(unionOf(added)).toEqual(ranges);
    }),
  );
});

test("what is missing is what stands in none of them", () => {
  fc.assert(
    fc.property(fc.nat(40), fc.array(range), fc.array(range), (below, one, other) => {
      const there = new Set(numbersIn([...one, ...other]));
      const missing = Array.from({ length: below }, (_, i) => i).filter((n) => !there.has(n));
      const found = missingOf(below, unionOf(one), unionOf(other));
      expect(isInOrder(found)).toBe(true);
      expect(numbersIn(found)).toEqual(missing);
    }),
  );
});
