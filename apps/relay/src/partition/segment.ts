import type { Term } from "../lease/term.ts";
import type { RelayRecord } from "../shard/in-hand.ts";
import type { Stamp } from "./record-time.ts";

/** Records that are sent together: a batch, or what is left of one after a refusal. */
export type Segment = {
  readonly records: readonly RelayRecord[];
  /** Publishes that these records were part of. */
  readonly attempts: number;
  /** Outcomes with an `attemptsMax` in these attempts; an outage in between does not count. */
  readonly suspicions: number;
  /** They were held already, so that nothing which is held now is older than they. */
  readonly again: boolean;
  /** Which time the records get, and how often the topic refused the one they had. */
  readonly stamp: Stamp;
  readonly retimed: number;
};

export const freshSegment = (records: readonly RelayRecord[]): Segment => ({
  records,
  attempts: 0,
  suspicions: 0,
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
