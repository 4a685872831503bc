import type { Outcome } from "@spillway/event";
import { createManualClock } from "@spillway/memory";
import { describe, expect, test } from "vitest";
import { Bisection, type Verdict } from "./bisection.ts";
import { createEvidence, EVIDENCE_MS, evidenceOfLane } from "./evidence.ts";
import { indexes, recordOf, termOf } from "./record.fixture.ts";
import { freshSegment } from "./segment.ts";

const ok: Outcome = { kind: "ok" };
const refused: Outcome = { kind: "fatal", code: "refused", deadLetterClass: "rejected" };
const naming = (...named: number[]): Outcome => ({ ...refused, refused: named });
const outage: Outcome = { kind: "retriable", code: "outage" };
const forbidden: Outcome = { kind: "retriable", code: "forbidden", pause: true };
const suspect: Outcome = { kind: "retriable", code: "odd", attemptsMax: 2 };
const wrongTime: Outcome = { kind: "retriable", code: "time", retime: true };

const REFUSED_IN_A_ROW_MAX = 2;

/**
 * What is done, and the verdict that must follow: records are sent, those of the next batch or what is left before it, and
 * answered; or nothing is left to send.
 */
type Step =
  | readonly [sent: string, outcome: Outcome, verdict: string]
  | readonly [what: "judge", verdict: string]
  | readonly [what: Event];

type Event = "wait" | "half a second passes" | "another lane has something taken" | "the term ends";

const shown = (verdict: Verdict): string => {
  switch (verdict.kind) {
    case "bury":
      return `bury ${indexes(verdict.refused.map(({ record }) => record)).join(" ")}`;
    case "pause":
      return `pause ${verdict.mode} ${verdict.code}`;
    case "doubt":
    case "await":
      return `${verdict.kind} ${verdict.code}`;
    default:
      return verdict.kind;
  }
};

const play = () => {
  const clock = createManualClock();
  const evidence = createEvidence(REFUSED_IN_A_ROW_MAX, clock);
  const bisection = new Bisection(evidenceOfLane(evidence));
  const term = termOf(0);

  /** `keys`: of all records, a letter each, `.` for none. */
  const send = (keys: string, numbers: string, outcome: Outcome): string => {
    const fresh = numbers.split(" ").map((number) => {
      const key = keys[Number(number)] ?? ".";
      return { ...recordOf(Number(number), term), key: key === "." ? null : key };
    });
    const attempt = bisection.begin(bisection.next() ?? freshSegment(fresh));
    if (attempt === null) return "nothing to send";
    const { records } = attempt.segment;
    expect(indexes(records).join(" ")).toBe(numbers);
    return shown(bisection.answered(attempt, outcome, records));
  };

  const happens = async (what: Event): Promise<void> => {
    if (what === "the term ends") term.end("fenced");
    else if (what === "wait") bisection.waited();
    else if (what === "half a second passes") await clock.advance(EVIDENCE_MS);
    else evidence.taken(evidence.now());
  };

  const take = async (keys: string, step: Step): Promise<void> => {
    const [what, ...rest] = step;
    if (rest.length === 2) return expect(send(keys, what, rest[0])).toBe(rest[1]);
    if (rest.length === 0) return happens(what as Event);
    expect(bisection.next()).toBeNull();
    expect(shown(bisection.judge())).toBe(rest[0]);
  };
  return { bisection, take };
};

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
    "what another lane had taken is proof",
    "a",
    [
      ["0", refused, "next"],
      ["another lane has something taken"],
      ["half a second passes"],
      ["judge", "next"],
      ["0", refused, "bury 0"],
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

  test("keys of what is held are avoided only once the topic is in doubt, until something is taken", async () => {
    const { bisection, take } = play();
    const keys = "ab.c";
    await take(keys, ["0 1 2", naming(0, 1, 2), "doubt refused"]);
    expect(bisection.avoided).toBeNull();
    await take(keys, ["judge", "await refused"]);
    expect([...(bisection.avoided ?? [])]).toEqual(["a", "b"]);
    await take(keys, ["3", ok, "next"]);
    await take(keys, ["0 1 2", ok, "calm"]);
    expect(bisection.avoided).toBeNull();
  });
});
