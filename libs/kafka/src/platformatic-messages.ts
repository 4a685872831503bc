import type { MessageToProduce } from "@platformatic/kafka";
import type { SinkRecord } from "@spillway/event";

export type BytesMessage = MessageToProduce<Buffer, Buffer, Buffer, Buffer>;

/** A header as bytes. Of four headers three repeat from record to record, so the last value's bytes are kept. */
type Header = { readonly name: Buffer; text: string; value: Buffer };

/** Header names come from the relay and are few; the bound is for the day when they do not. */
const HEADERS_MAX = 256;

const headers = new Map<string, Header>();

const headerOf = (name: string, text: string): Header => {
  let header = headers.get(name);
  if (header === undefined) {
    if (headers.size === HEADERS_MAX) headers.clear();
    header = { name: Buffer.from(name), text, value: Buffer.from(text) };
    headers.set(name, header);
  } else if (header.text !== text) {
    header.text = text;
    header.value = Buffer.from(text);
  }
  return header;
};

const headersOf = (record: SinkRecord): Map<Buffer, Buffer> => {
  const bytes = new Map<Buffer, Buffer>();
  for (const name of Object.keys(record.headers)) {
    const header = headerOf(name, record.headers[name]!);
    bytes.set(header.name, header.value);
  }
  return bytes;
};

/** Records as @platformatic/kafka takes them without serializers: bytes throughout, the value as a view. */
export const bytesMessages = (topic: string, partition: number, records: readonly SinkRecord[]): BytesMessage[] =>
  records.map((record) => ({
    topic,
    partition,
    key: record.key === null ? undefined : Buffer.from(record.key),
    value: Buffer.from(record.value.buffer, record.value.byteOffset, record.value.byteLength),
    headers: headersOf(record),
    timestamp: BigInt(record.timestampMs),
  }));

/** @platformatic/kafka 2.12.1 writes the time of a record as 31 bits and a sign from the first one of its batch. */
const SPAN_MS = 2 ** 31;

/**
 * The records in batches that it can write: 25 days apart from the first (a replayed record keeps the time of its
 * ingest) the bits overflow, and the broker stores another time or refuses it as too far ahead. One batch, nearly always.
 */
export const batchesBySpan = (records: readonly SinkRecord[]): readonly (readonly SinkRecord[])[] => {
  const batches: SinkRecord[][] = [];
  let firstMs = Number.NEGATIVE_INFINITY;
  for (const record of records) {
    const deltaMs = record.timestampMs - firstMs;
    if (deltaMs >= -SPAN_MS && deltaMs < SPAN_MS) batches.at(-1)?.push(record);
    else {
      batches.push([record]);
      firstMs = record.timestampMs;
    }
  }
  return batches;
};
