import type { Outcome } from "@spillway/event";
import type { Term } from "../lease/term.ts";
import type { RelayRecord } from "../shard/in-hand.ts";
import type { Stamp } from "./record-time.ts";

export type Fatal = Extract<Outcome, { kind: "fatal" }>;

/** Records that are sent together: a batch, or what is left of one after a refusal. */
export type Segment = {
  records: readonly RelayRecord[];
  /** Publishes that these records were part of. */
  attempts: number;
  /** Outcomes with an `attemptsMax` in these attempts; an outage in between does not count. */
  suspicions: number;
  /** When they were refused, each by itself, by the topic's evidence; null: as parts of a batch at most. */
  refusedAt: number | null;
  /** They were held already, so that nothing which is held now is older than they. */
  readonly again: boolean;
  /** Which time the records get, and how often the topic refused the one they had. */
  stamp: Stamp;
  retimed: number;
};

export const freshSegment = (records: readonly RelayRecord[]): Segment => ({
  records,
  attempts: 0,
  suspicions: 0,
  refusedAt: null,
  again: false,
  stamp: "aged",
  retimed: 0,
});

/** The records that may be sent now. Those of a term that is over are gone for good: its next owner reads them again. */
export const sendable = (records: readonly RelayRecord[]): readonly RelayRecord[] => {
  let term: Term | null = null;
  for (const { from } of records) {
    if (from.term === term) continue;
    term = from.term;
    if (!term.holds()) return records.filter((record) => record.from.term.holds());
  }
  return records;
};

/** A refused segment in parts: the records that are known to be refused, and what is to be sent next, oldest first. */
export const partsOf = (segment: Segment, { refused }: Fatal): { bad: readonly RelayRecord[]; rest: Segment[] } => {
  const { records } = segment;
  const part = (of: readonly RelayRecord[]): Segment => ({
    ...segment,
    records: of,
    suspicions: Math.max(0, segment.suspicions - 1),
  });
  if (records.length === 1) return { bad: records, rest: [] };
  const named = new Set(refused);
  const bad = records.filter((_, index) => named.has(index));
  // Each of these was refused alone before, so halves would hardly ever be taken.
  if (bad.length === 0 && segment.again) return { bad, rest: records.map((record) => part([record])) };
  if (bad.length === 0) {
    const middle = records.length >> 1;
    return { bad, rest: [part(records.slice(0, middle)), part(records.slice(middle))] };
  }
  const others = records.filter((_, index) => !named.has(index));
  return { bad, rest: others.length > 0 ? [part(others)] : [] };
};
