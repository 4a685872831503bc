import type { Outcome, SinkRecord } from "@spillway/event";

export type Topic = {
  /** Records by partition, in the order in which the broker took them. */
  readonly partitions: SinkRecord[][];
  /** Largest record that it takes: key, value and headers, in bytes. */
  readonly recordBytesMax: number;
  /** A compacted topic refuses records without a key. */
  readonly compacted: boolean;
  /** Refuses a record whose time is older (`message.timestamp.before.max.ms`); ms. */
  readonly beforeMsMax: number;
  /** How old it tells a record's time may be; not always what it takes, since a client may be forbidden to ask. */
  readonly recordAgeMsMax: number;
};

export type TopicOptions = {
  readonly partitions?: number;
  readonly recordBytesMax?: number;
  readonly compacted?: boolean;
  readonly beforeMsMax?: number;
  readonly recordAgeMsMax?: number;
};

/** The broker's state, and the faults that it shows. */
export type Topics = {
  create(topic: string, options?: TopicOptions): void;
  remove(topic: string): void;
  get(topic: string): Topic | null;
  /** Every request for this topic is answered so until `null`, and nothing is stored. */
  fault(topic: string, outcome: Exclude<Outcome, { kind: "ok" }> | null): void;
  faultOf(topic: string): Exclude<Outcome, { kind: "ok" }> | null;
};

/** What a broker takes when nobody configured it (`message.max.bytes` is 1048588). */
const RECORD_BYTES_MAX = 1_048_588;
const PARTITIONS = 3;

export const createTopics = (): Topics => {
  const topics = new Map<string, Topic>();
  const faults = new Map<string, Exclude<Outcome, { kind: "ok" }>>();
  return {
    create: (topic, options = {}) => {
      const partitions = Array.from({ length: options.partitions ?? PARTITIONS }, (): SinkRecord[] => []);
      const { recordBytesMax = RECORD_BYTES_MAX, compacted = false, beforeMsMax = Number.POSITIVE_INFINITY } = options;
      const { recordAgeMsMax = beforeMsMax / 2 } = options;
      topics.set(topic, { partitions, recordBytesMax, compacted, beforeMsMax, recordAgeMsMax });
    },
    remove: (topic) => void topics.delete(topic),
    get: (topic) => topics.get(topic) ?? null,
    fault: (topic, outcome) => void (outcome ? faults.set(topic, outcome) : faults.delete(topic)),
    faultOf: (topic) => faults.get(topic) ?? null,
  };
};
