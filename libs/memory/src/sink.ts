import { type Outcome, ok, type Sink, type SinkRecord } from "@spillway/event";
import { murmur2 } from "./murmur2.ts";
import type { Outages } from "./outages.ts";
import type { Topics } from "./topics.ts";

const UNKNOWN_TOPIC: Exclude<Outcome, { kind: "ok" }> = { kind: "retriable", code: "UNKNOWN_TOPIC_OR_PARTITION" };
const TOO_LARGE: Outcome = { kind: "fatal", code: "MESSAGE_TOO_LARGE", deadLetterClass: "oversize" };

const encoder = new TextEncoder();

const recordBytes = (record: SinkRecord): number => {
  let bytes = record.value.length + encoder.encode(record.key ?? "").length;
  for (const [name, value] of Object.entries(record.headers)) bytes += name.length + encoder.encode(value).length;
  return bytes;
};

/** A broker takes a request as a whole: one record that is too large refuses all of them. */
export const createSink = (topics: Topics, outages: Outages): Sink => {
  const refusal = (topic: string): Exclude<Outcome, { kind: "ok" }> | null => {
    const code = outages.code("kafka");
    return code === null ? topics.faultOf(topic) : { kind: "retriable", code };
  };
  return {
    name: "memory",
    partitions: async (topic) => {
      const refused = refusal(topic);
      if (refused) return refused;
      const found = topics.get(topic);
      return found ? { kind: "ok", count: found.partitions.length } : UNKNOWN_TOPIC;
    },
    partitionOf: (key, partitions) => murmur2(key) % partitions,
    publish: async (topic, partition, records) => {
      const refused = refusal(topic);
      if (refused) return refused;
      const found = topics.get(topic);
      const log = found?.partitions[partition];
      if (!found || !log) return UNKNOWN_TOPIC;
      if (records.some((record) => recordBytes(record) > found.recordBytesMax)) return TOO_LARGE;
      log.push(...records);
      return ok;
    },
    health: async () => {
      const code = outages.code("kafka");
      return code === null ? { status: "up" } : { status: "down", code };
    },
    close: async () => undefined,
  };
};
