import type { Term } from "../lease/term.ts";
import type { RelayRecord } from "../shard/in-hand.ts";

/** 71–75 bytes of a record's own and of its batch (measured), and our headers with a traceparent but no tracestate. */
const RECORD_OVERHEAD_BYTES = 75 + 190;
/** Taken records are cut off once they are many, so that taking is O(1) each. */
const CUT_FROM = 2_048;

/** As many of the records as fit, at least one. */
const fitting = (records: readonly RelayRecord[], from: number, recordsMax: number, bytesMax: number): number => {
  const most = Math.min(from + recordsMax, records.length);
  let bytes = 0;
  let end = from;
  while (end < most) {
    const { key, value } = records[end]!;
    bytes += value.length + (key === null ? 0 : key.length) + RECORD_OVERHEAD_BYTES;
    if (bytes > bytesMax && end > from) break;
    end++;
  }
  return end;
};

/** The records that wait for one partition, in their order. */
export const createRecordQueue = () => {
  let records: RelayRecord[] = [];
  let head = 0;

  return {
    get length() {
      return records.length - head;
    },
    push: (record: RelayRecord): void => void records.push(record),
    /** They were taken, and wait once more. */
    putBack: (taken: readonly RelayRecord[], inOrder: (waiting: readonly RelayRecord[]) => RelayRecord[]): void => {
      if (taken.length === 0) return;
      records = inOrder([...taken, ...records.slice(head)]);
      head = 0;
    },
    /** The first records, at most `recordsMax` and about `bytesMax`, at least one. */
    take: (recordsMax: number, bytesMax: number): RelayRecord[] => {
      const end = fitting(records, head, recordsMax, bytesMax);
      const taken = records.slice(head, end);
      head = end;
      if (head === records.length) {
        records = [];
        head = 0;
      } else if (head >= CUT_FROM) {
        records = records.slice(head);
        head = 0;
      }
      return taken;
    },
    /** As `take`, of the records whose key is none of these; the others stay where they are. None, when all are theirs. */
    takeOthers: (keys: ReadonlySet<string>, recordsMax: number, bytesMax: number): RelayRecord[] => {
      const waiting = records.slice(head);
      const others = waiting.filter(({ key }) => key === null || !keys.has(key));
      const taken = others.slice(0, fitting(others, 0, recordsMax, bytesMax));
      const gone = new Set(taken);
      records = waiting.filter((record) => !gone.has(record));
      head = 0;
      return taken;
    },
    holds: (term: Term): boolean => records.some((record, at) => at >= head && record.from.term === term),
    /** Answers what was a term's, and is here no more. */
    drop: (term: Term): readonly RelayRecord[] => {
      const waiting = records.slice(head);
      records = waiting.filter((record) => record.from.term !== term);
      head = 0;
      return waiting.filter((record) => record.from.term === term);
    },
  };
};
