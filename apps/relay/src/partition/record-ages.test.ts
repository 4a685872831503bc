import { expect, test } from "vitest";
import type { InHand, RelayRecord } from "../shard/in-hand.ts";
import { observeAges } from "./record-ages.ts";

const records = (...entries: readonly Partial<InHand>[]): RelayRecord[] =>
  entries.flatMap((from) => [0, 1].map((index) => ({ from, index }) as RelayRecord));

const observed = (given: readonly RelayRecord[], wallMs: number) => {
  const calls: [times: number, ageMs: number][] = [];
  observeAges(given, wallMs, (times, ageMs) => void calls.push([times, ageMs]));
  return calls;
};

test("each event counts with its own age, and those that came in together in one call", () => {
  expect(observed(records({ receivedAtMs: 100 }, { receivedAtMs: 100 }, { receivedAtMs: 400 }), 1_000)).toEqual([
    [4, 900],
    [2, 600],
  ]);
  expect(observed(records({ receivedAtMs: 100, laterMs: [0, 50] }), 1_000)).toEqual([
    [1, 900],
    [1, 850],
  ]);
});

test("of each run the first record is told", () => {
  const given = records({ receivedAtMs: 100 }, { receivedAtMs: 100 }, { receivedAtMs: 400 });
  const firsts: RelayRecord[] = [];
  observeAges(given, 1_000, (_times, _ageMs, first) => void firsts.push(first));
  expect(firsts.map((first) => given.indexOf(first))).toEqual([0, 4]);
});

test("a clock that went back makes no negative age, and nothing no observation", () => {
  expect(observed(records({ receivedAtMs: 2_000 }), 1_000)).toEqual([[2, 0]]);
  expect(observed([], 1_000)).toEqual([]);
});
