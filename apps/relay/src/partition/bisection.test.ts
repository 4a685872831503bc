import type { Outcome } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { play, type Step } from "./bisection.fixture.ts";
import { indexes } from "./record.fixture.ts";

const ok: Outcome = { kind: "ok" };
const refused: Outcome = { kind: "fatal", code: "refused", deadLetterClass: "rejected" };
const naming = (...named: number[]): Outcome => ({ ...refused, refused: named });
const outage: Outcome = { kind: "retriable", code: "outage" };
const forbidden: Outcome = { kind: "retriable", code: "forbidden", pause: true };
const suspect: Outcome = { kind: "retriable", code: "odd", attemptsMax: 2 };
const wrongTime: Outcome = { kind: "retriable", code: "time", retime: true };

/** `keys`: of all records, a letter each, `.` for none; `held`: what is so in the end. */
const cases: readonly (readonly [name: string, keys: string, steps: readonly Step[], held: number])[] = [
  ["what is taken leaves nothing", "ab", [["0 1", ok, "calm"]], 0],
  [
    "an outage brings the very same again",
    "ab",
    [
      ["0 1", outage, "pause retrying outage"],
      ["0 1", forbidden, "pause paused forbidden"],
      ["0 1", ok, "calm"],
    ],
    0,
  ],
  [
    "a refusal that names nobody: halves, the older first, down to the record; it dies when it is refused once more",
    "abcd",
    [
      ["0 1 2 3", refused, "next"],
      ["0 1", ok, "calm"],
      ["2 3", refused, "next"],
      ["2", refused, "next"],
      ["3", ok, "next"],
      ["2", refused, "bury 2"],
    ],
    0,
  ],
  [
    "a refusal that names: the others go on as they are, and what is named is asked for once more",
    "abcd",
    [
      ["0 1 2 3", naming(1, 2), "next"],
      ["0 3", ok, "next"],
      ["1 2", naming(0), "bury 1"],
      ["2", ok, "calm"],
    ],
    0,
  ],
  [
    "what something newer of its key has passed is dead and not asked for again",
    "kkk",
    [
      ["0 1 2", naming(1), "next"],
      ["0 2", ok, "bury 1"],
    ],
    0,
  ],
  [
    "what is named out of the midst of a batch comes after what is left of that, which may be older",
    "akkb",
    [
      ["0 1 2", naming(2), "next"],
      ["0 1", wrongTime, "next"],
      ["0 1", wrongTime, "pause paused time"],
      ["wait"],
      ["0 1", refused, "next"],
      ["0", ok, "next"],
      ["1", ok, "next"],
      ["2", ok, "calm"],
    ],
    0,
  ],
  [
    "what is named later may be older than what was named before, and is asked for in its order",
    "kjk",
    [
      ["0 1 2", naming(2), "next"],
      ["0 1", naming(0), "next"],
      ["1", ok, "next"],
      ["0 2", ok, "calm"],
    ],
    0,
  ],
  [
    "so it is when nobody knows whether that was taken, until it is known that the topic takes others",
    "kk",
    [
      ["0", refused, "next"],
      ["1", outage, "pause retrying outage"],
      ["wait"],
      ["1", outage, "pause retrying outage"],
      ["1", ok, "bury 0"],
    ],
    0,
  ],
  [
    "after a wait the oldest that is held goes before what would overtake it",
    "kk",
    [["0", refused, "next"], ["wait"], ["0", ok, "calm"], ["1", ok, "calm"]],
    0,
  ],
  [
    "as many answers of doubt as the outcome allows are a refusal; outages in between do not count",
    "ab",
    [
      ["0 1", suspect, "pause retrying odd"],
      ["0 1", outage, "pause retrying outage"],
      ["0 1", suspect, "next"],
      ["0", suspect, "next"],
      ["1", ok, "next"],
      ["0", refused, "bury 0"],
    ],
    0,
  ],
  [
    "a refusal that says it by itself counts one of them less",
    "ab",
    [
      ["0 1", suspect, "pause retrying odd"],
      ["0 1", refused, "next"],
      ["0", suspect, "pause retrying odd"],
      ["0", ok, "calm"],
      ["1", ok, "calm"],
    ],
    0,
  ],
  [
    "a refused time: the other one at once, and then it is a clock",
    "a",
    [
      ["0", wrongTime, "next"],
      ["0", wrongTime, "pause paused time"],
      ["0", ok, "calm"],
    ],
    0,
  ],
  [
    "a few on a topic that takes nothing are given up without proof, but not again and again",
    "abc",
    [
      ["0 1", naming(0, 1), "next"],
      ["judge", "bury 0 1"],
      ["2", refused, "next"],
      ["judge", "await refused"],
      ["another lane has something taken"],
      ["half a second passes"],
      ["judge", "await refused"],
      ["another lane has something taken"],
      ["judge", "await refused"],
      ["half a second passes"],
      ["judge", "next"],
      ["2", ok, "calm"],
    ],
    0,
  ],
  [
    "more than a few: the topic is doubted; the oldest four are asked for each by itself, and the first that is taken decides",
    "abcdef",
    [
      ["0 1 2 3 4 5", naming(0, 1, 2, 3, 4, 5), "doubt refused"],
      ["judge", "await refused"],
      ["wait"],
      ["0 1 2 3", outage, "pause retrying outage"],
      ["wait"],
      ["0 1 2 3", refused, "next"],
      ["0", refused, "doubt refused"],
      ["1", ok, "next"],
      ["0 2 3 4 5", naming(0), "bury 0"],
      ["2 3 4 5", ok, "calm"],
    ],
    0,
  ],
  [
    "while others wait behind them one is asked for in each round, in turn of the oldest four, but none before an older one of its key",
    "aabcde",
    [
      ["0 1 2 3 4 5", naming(0, 1, 2, 3, 4, 5), "doubt refused"],
      ["a round"],
      ["0", refused, "doubt refused"],
      ["a round"],
      ["2", refused, "doubt refused"],
      ["a round"],
      ["3", refused, "doubt refused"],
      ["a round"],
      ["0", refused, "doubt refused"],
      ["a round"],
      ["2", ok, "next"],
      ["0 1 3 4 5", naming(0), "bury 0"],
      ["1 3 4 5", ok, "calm"],
    ],
    0,
  ],
  [
    "what another lane had taken is proof, half a second after the refusal and before the next",
    "a",
    [
      ["0", refused, "next"],
      ["half a second passes"],
      ["another lane has something taken"],
      ["half a second passes"],
      ["judge", "next"],
      ["0", refused, "bury 0"],
    ],
    0,
  ],
  [
    "what another lane had taken sooner is none: the setting may have reached that one later; nor are so many given up again",
    "abcd",
    [
      ["0 1", naming(0, 1), "next"],
      ["judge", "bury 0 1"],
      ["2 3", naming(0, 1), "next"],
      ["another lane has something taken"],
      ["half a second passes"],
      ["judge", "await refused"],
      ["wait"],
      ["2 3", naming(0, 1), "next"],
      ["judge", "await refused"],
      ["wait"],
      ["2 3", ok, "calm"],
    ],
    0,
  ],
  [
    "nor is it of those that were refused after it, and these are not asked for with the others",
    "ab",
    [
      ["0", refused, "next"],
      ["half a second passes"],
      ["another lane has something taken"],
      ["half a second passes"],
      ["1", refused, "next"],
      ["judge", "next"],
      ["0", refused, "bury 0"],
      ["judge", "bury 1"],
    ],
    0,
  ],
  [
    "what is another owner's is neither sent nor held nor buried",
    "ab",
    [["0 1", naming(0), "next"], ["the term ends"], ["1", ok, "nothing to send"], ["judge", "next"]],
    0,
  ],
];

describe("what becomes of a batch", () => {
  test.each(cases)("%s", async (_name, keys, steps, held) => {
    const { bisection, take } = play();
    for (const step of steps) await take(keys, step);
    expect(bisection.held).toBe(held);
    expect(bisection.isDone).toBe(true);
  });

  test("keys of what is held are avoided once they are several, until something is taken", async () => {
    const { bisection, take } = play();
    const keys = "ab.c";
    await take(keys, ["0 2", naming(0, 1), "next"]);
    expect(bisection.avoided).toBeNull();
    await take(keys, ["1", refused, "doubt refused"]);
    expect([...(bisection.avoided ?? [])]).toEqual(["a", "b"]);
    await take(keys, ["3", ok, "next"]);
    await take(keys, ["0 2 1", ok, "calm"]);
    expect(bisection.avoided).toBeNull();
  });

  test("one key's is not avoided until nothing is left: good ones of it may follow its poison", async () => {
    const { bisection, take } = play();
    await take("aaaa", ["0 1 2 3", naming(0, 1, 2), "doubt refused"]);
    expect([bisection.avoided, bisection.takeBack()]).toEqual([null, []]);
    await take("aaaa", ["3", refused, "doubt refused"]);
    await take("aaaa", ["judge", "await refused"]);
    expect([...(bisection.avoided ?? [])]).toEqual(["a"]);
  });

  test("what is left of a batch waits in its order once several keys are held", async () => {
    const { bisection, take } = play();
    await take("abababab", ["0 1 2 3 4 5 6 7", refused, "next"]);
    for (const sent of ["0 1 2 3", "0 1", "0"]) await take("abababab", [sent, refused, "next"]);
    expect(bisection.takeBack()).toEqual([]);
    await take("abababab", ["1", refused, "next"]);
    expect(indexes(bisection.takeBack())).toEqual([2, 3, 4, 5, 6, 7]);
    expect(bisection.isDone).toBe(true);
    await take("abababab", ["wait"]);
    await take("abababab", ["0 1", ok, "calm"]);
  });

  test("but not what is older than something that is held, nor what may be refused for good by its count", async () => {
    const named = play();
    await named.take("abab", ["0 1 2 3", naming(1, 2, 3), "doubt refused"]);
    expect(named.bisection.takeBack()).toEqual([]);
    await named.take("abab", ["0", ok, "next"]);
    const counted = play();
    await counted.take("abab", ["0 1 2 3", suspect, "pause retrying odd"]);
    await counted.take("abab", ["0 1 2 3", suspect, "next"]);
    for (const sent of ["0 1", "0", "1"]) await counted.take("abab", [sent, suspect, "next"]);
    await counted.take("abab", ["2 3", suspect, "next"]);
    await counted.take("abab", ["2", suspect, "doubt odd"]);
    expect(counted.bisection.takeBack()).toEqual([]);
    await counted.take("abab", ["3", ok, "bury 0 1"]);
  });
});
