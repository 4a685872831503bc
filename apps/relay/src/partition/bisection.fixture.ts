import type { Outcome } from "@spillway/event";
import { createManualClock } from "@spillway/memory";
import { expect } from "vitest";
import { Bisection, type Verdict } from "./bisection.ts";
import { createEvidence, EVIDENCE_MS, evidenceOfLane } from "./evidence.ts";
import { indexes, recordOf, termOf } from "./record.fixture.ts";
import { freshSegment } from "./segment.ts";

const REFUSED_IN_A_ROW_MAX = 2;

/**
 * What is done, and the verdict that must follow: records are sent, those of the next batch or what is left before it, and
 * answered; or nothing is left to send.
 */
export type Step =
  | readonly [sent: string, outcome: Outcome, verdict: string]
  | readonly [what: "judge", verdict: string]
  | readonly [what: Event];

type Event = "wait" | "a round" | "half a second passes" | "another lane has something taken" | "the term ends";

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

/** One machine, and the steps that it takes. */
export const play = () => {
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
    else if (what === "wait") bisection.waited("each");
    else if (what === "a round") bisection.waited("one");
    else if (what === "half a second passes") await clock.advance(EVIDENCE_MS);
    else evidence.taken(evidence.now());
  };

  const take = async (keys: string, step: Step): Promise<void> => {
    const [what, ...rest] = step;
    if (rest.length === 2) return expect(send(keys, what, rest[0])).toBe(rest[1]);
    if (rest.length === 0) return happens(what as Event);
    expect(bisection.next()).toBeNull();
    expect(shown(bisection.judge(0))).toBe(rest[0]);
  };
  return { bisection, take };
};
