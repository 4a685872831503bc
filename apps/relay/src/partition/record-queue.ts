import type { Term } from "../lease/term.ts";
import type { RelayRecord } from "../shard/in-hand.ts";

/** 71–75 bytes of a record's own and of its batch (measured), and our headers with a traceparent but no tracestate. */
const RECORD_OVERHEAD_BYTES = 75 + 190;
/** Taken records are cut off once they are many, so that taking is O(1) each. */
const CUT_FROM = 2_048;

/** The records that wait for one partition, in their order. */
export type RecordQueue = {
  readonly length: number;
  push(record: RelayRecord): void;
  /** The first records, at most `recordsMax` and about `bytesMax`, at least one. */
  take(recordsMax: number, bytesMax: number): RelayRecord[];
  drop(term: Term): void;
};

export const createRecordQueue = (): RecordQueue => {
  let records: RelayRecord[] = [];
  let head = 0;

  const fitting = (recordsMax: number, bytesMax: number): number => {
    const most = Math.min(head + recordsMax, records.length);
    let bytes = 0;
    let end = head;
    while (end < most) {
      const { key, value, headers } = records[end]!;
      bytes +=
        value.length + (key === null ? 0 : key.length) + (headers.tracestate?.length ?? 0) + RECORD_OVERHEAD_BYTES;
      if (bytes > bytesMax && end > head) break;
      end++;
    }
    return end;
  };

  return {
    get length() {
      return records.length - head;
    },
    push: (record) => void records.push(record),
    take: (recordsMax, bytesMax) => {
      const end = fitting(recordsMax, bytesMax);
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
    drop: (term) => {
      records = records.slice(head).filter((record) => record.from.term !== term);
      head = 0;
    },
  };
};
