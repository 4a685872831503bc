import type { Outcome, SinkRecord } from "@spillway/event";
import type { RelayRecord } from "../shard/in-hand.ts";
import { otherStamp } from "./record-time.ts";
import type { Segment } from "./segment.ts";

export type Fatal = Extract<Outcome, { kind: "fatal" }>;
type Retriable = Extract<Outcome, { kind: "retriable" }>;
/** What a publish was answered that was not confirmed. */
export type Failure = Fatal | Retriable;

/** A record that was refused by itself, and what that says about it. */
export type Refused = {
  readonly record: RelayRecord;
  readonly fatal: Fatal;
  readonly attempts: number;
  readonly suspicions: number;
};

/** A wait before the next attempt; `paused`: it may take an operator. */
export type Pause = { readonly mode: "retrying" | "paused"; readonly code: string };

/** What is left of a segment whose publish failed: each of its records once, in `rest` or in `refused`. */
export type Remainder = {
  /** What is to be sent next, the oldest first. */
  readonly rest: readonly Segment[];
  readonly refused: readonly Refused[];
  /** Before anything else is sent. */
  readonly pause: Pause | null;
};

/** The records that the broker names are out; where it names none, the older half goes first. */
const afterRefusal = (segment: Segment, fatal: Fatal): Remainder => {
  const { records, attempts } = segment;
  const suspicions = Math.max(0, segment.suspicions - 1);
  const part = (of: readonly RelayRecord[]): Segment => ({ ...segment, records: of, suspicions });
  const answer = (bad: readonly RelayRecord[], parts: readonly (readonly RelayRecord[])[]): Remainder => ({
    rest: parts.filter(({ length }) => length > 0).map(part),
    refused: bad.map((record) => ({ record, fatal, attempts, suspicions })),
    pause: null,
  });
  if (records.length === 1) return answer(records, []);
  const named = new Set(fatal.refused);
  const bad = records.filter((_, index) => named.has(index));
  if (bad.length > 0) return answer(bad, [records.filter((_, index) => !named.has(index))]);
  // Each of these was refused alone before, so halves would hardly ever be taken.
  if (segment.again)
    return answer(
      [],
      records.map((record) => [record]),
    );
  const middle = records.length >> 1;
  return answer([], [records.slice(0, middle), records.slice(middle)]);
};

/** The time is of our own choosing: the other one at once, and if that is refused, too, some clock is wrong. */
const afterItsTime = (segment: Segment, code: string, sent: readonly SinkRecord[]): Remainder => {
  const stamp = otherStamp(segment.stamp, segment.records, sent);
  const pause = segment.retimed > 0 ? ({ mode: "paused", code } as const) : null;
  return { rest: [{ ...segment, stamp, retimed: segment.retimed + 1 }], refused: [], pause };
};

/** Not now; or, after as many attempts as the outcome allows, a refusal. */
const afterFault = (segment: Segment, { code, pause, attemptsMax }: Retriable): Remainder => {
  const suspected = attemptsMax === undefined ? segment : { ...segment, suspicions: segment.suspicions + 1 };
  if (attemptsMax !== undefined && suspected.suspicions >= attemptsMax)
    return afterRefusal(suspected, { kind: "fatal", code, deadLetterClass: "rejected" });
  return { rest: [suspected], refused: [], pause: { mode: pause ? "paused" : "retrying", code } };
};

/** `sent`: the segment's records as they were sent. */
export const remainderOf = (segment: Segment, failure: Failure, sent: readonly SinkRecord[]): Remainder => {
  if (failure.kind === "fatal") return afterRefusal(segment, failure);
  return failure.retime ? afterItsTime(segment, failure.code, sent) : afterFault(segment, failure);
};
