import { RECEIVED_AT, receivedAtMsOf, type SinkRecord } from "@spillway/event";
import type { RelayRecord } from "../shard/in-hand.ts";

/**
 * Which time a record gets. `aged`: its ingest's, or the present one where the ingest is so long ago that the topic would
 * refuse it or soon delete it. The others are what is tried after a refusal: `now`, and `ingest` for a relay whose clock
 * is wrong.
 */
export type Stamp = "aged" | "now" | "ingest";

/** The records as they are to be sent; the very same array when nothing changes, which is nearly always. */
export const stamped = (
  records: readonly RelayRecord[],
  stamp: Stamp,
  nowMs: number,
  ageMsMax: number,
): readonly SinkRecord[] => {
  const timeOf = ({ timestampMs }: RelayRecord): number => {
    const isKept = stamp === "ingest" || (stamp === "aged" && nowMs - timestampMs <= ageMsMax);
    // Never back: what Redis has stamped is not in the future, whatever our own clock says.
    return isKept ? timestampMs : Math.max(nowMs, timestampMs);
  };
  const isPlain = (record: RelayRecord): boolean =>
    timeOf(record) === record.timestampMs && record.timestampMs === receivedAtMsOf(record.from, record.index);
  if (records.every(isPlain)) return records;
  return records.map((record) => {
    if (isPlain(record)) return record;
    const headers = { ...record.headers, [RECEIVED_AT]: String(receivedAtMsOf(record.from, record.index)) };
    return { key: record.key, value: record.value, headers, timestampMs: timeOf(record) };
  });
};

/** What to try when the topic refused these times: the other of the two that there are. */
export const otherStamp = (stamp: Stamp, records: readonly RelayRecord[], sent: readonly SinkRecord[]): Stamp => {
  if (stamp !== "aged") return stamp === "now" ? "ingest" : "now";
  return records.some((record, index) => record.timestampMs !== sent[index]?.timestampMs) ? "ingest" : "now";
};
