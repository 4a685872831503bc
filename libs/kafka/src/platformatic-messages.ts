import type { MessageToProduce } from "@platformatic/kafka";
import type { SinkRecord } from "@spillway/event";

type Bytes = MessageToProduce<Buffer, Buffer, Buffer, Buffer>;

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
export const bytesMessages = (topic: string, partition: number, records: readonly SinkRecord[]): Bytes[] =>
  records.map((record) => ({
    topic,
    partition,
    key: record.key === null ? undefined : Buffer.from(record.key),
    value: Buffer.from(record.value.buffer, record.value.byteOffset, record.value.byteLength),
    headers: headersOf(record),
    timestamp: BigInt(record.timestampMs),
  }));
