import { type Clock, ok, type Sink, type SinkRecord } from "@spillway/event";
import type { Outages } from "./outages.ts";
import type { Refusal, Topic, Topics } from "./topics.ts";

/* Codes of libs/kafka's outcome table; the conformance suite asks both for them. */
const UNKNOWN_TOPIC: Refusal = { kind: "retriable", code: "unknown_topic_or_partition" };
const OUT_OF_RANGE: Refusal = { kind: "retriable", code: "partition_out_of_range" };
const NOT_WANTED: Refusal = { kind: "retriable", code: "not_wanted" };
const CLOSED: Refusal = { kind: "retriable", code: "client_closed" };
const TOO_LARGE: Refusal = { kind: "fatal", code: "message_too_large", deadLetterClass: "oversize" };
const NO_KEY: Refusal = { kind: "fatal", code: "invalid_record", deadLetterClass: "rejected" };
const UNENCODABLE: Refusal = { kind: "fatal", code: "record_not_encoded", deadLetterClass: "poison" };
const WRONG_TIME: Refusal = { kind: "retriable", code: "invalid_timestamp", retime: true };

/** Brokers refuse a time that is further ahead (`message.timestamp.after.max.ms`). */
const AHEAD_MS_MAX = 3_600_000;

const encoder = new TextEncoder();

const recordBytes = (record: SinkRecord): number => {
  let bytes = record.value.length + encoder.encode(record.key ?? "").length;
  for (const [name, value] of Object.entries(record.headers)) bytes += name.length + encoder.encode(value).length;
  return bytes;
};

const isText = (value: unknown): boolean => typeof value === "string";

const isEncodable = ({ key, headers }: SinkRecord): boolean =>
  (key === null || isText(key)) && Object.values(headers).every(isText);

const refusalOfRecord = (record: SinkRecord, topic: Topic, nowMs: number): Refusal | null => {
  if (recordBytes(record) > topic.recordBytesMax) return TOO_LARGE;
  if (topic.compacted && record.key === null) return NO_KEY;
  const isTimely = record.timestampMs <= nowMs + AHEAD_MS_MAX && record.timestampMs >= nowMs - topic.beforeMsMax;
  return isTimely ? null : WRONG_TIME;
};

/** A broker takes a request as a whole: one record that it refuses refuses all of them. */
export const createSink = (topics: Topics, outages: Outages, clock: Clock): Sink => {
  let closed = false;
  const down = (): string | null => (closed ? CLOSED.code : outages.code("kafka"));
  const find = (topic: string): Topic | Refusal => {
    const code = down();
    if (code !== null) return { kind: "retriable", code };
    return topics.faultOf(topic) ?? topics.get(topic) ?? UNKNOWN_TOPIC;
  };
  return {
    partitions: async (topic) => {
      const found = find(topic);
      if ("kind" in found) return found;
      return { kind: "ok", count: found.partitions.length, recordAgeMsMax: found.recordAgeMsMax };
    },
    publish: async (topic, partition, records, mayStart) => {
      const found = find(topic);
      if ("kind" in found) return found;
      if (!mayStart()) return NOT_WANTED;
      const log = found.partitions[partition];
      if (!log) return OUT_OF_RANGE;
      if (!records.every(isEncodable)) return UNENCODABLE;
      const refusals = records.map((record) => refusalOfRecord(record, found, clock.wallMs()));
      const refusal = refusals.find((one) => one !== null);
      // As Kafka does: it names the records that it looked into, and those of another size it did not.
      if (refusal === NO_KEY) return { ...NO_KEY, refused: refusals.flatMap((one, i) => (one === NO_KEY ? [i] : [])) };
      if (refusal) return refusal;
      log.push(...records);
      return ok;
    },
    health: async () => {
      const code = down();
      return code === null ? { status: "up" } : { status: "down", code };
    },
    close: async () => {
      closed = true;
    },
  };
};
