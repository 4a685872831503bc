import type { Outcome, SinkRecord } from "@spillway/event";

export type Topic = {
  /** Records by partition, in the order in which the broker took them. */
  readonly partitions: readonly SinkRecord[][];
  /** Largest record that it takes: key, value and headers, in bytes. */
  readonly recordBytesMax: number;
};

export type TopicOptions = { readonly partitions?: number; readonly recordBytesMax?: number };

/** The broker's state, and the faults that it shows. */
export type Topics = {
  create(topic: string, options?: TopicOptions): void;
  remove(topic: string): void;
  get(topic: string): Topic | null;
  /** Every request for this topic is answered so until `null`, and nothing is stored. */
  fault(topic: string, outcome: Exclude<Outcome, { kind: "ok" }> | null): void;
  faultOf(topic: string): Exclude<Outcome, { kind: "ok" }> | null;
  /** More partitions, as an operator may add them; never fewer. */
  grow(topic: string, partitions: number): void;
};

/** What a broker takes when nobody configured it (`message.max.bytes` is 1048588). */
const RECORD_BYTES_MAX = 1_048_588;
const PARTITIONS = 3;

export const createTopics = (): Topics => {
  const topics = new Map<string, { partitions: SinkRecord[][]; recordBytesMax: number }>();
  const faults = new Map<string, Exclude<Outcome, { kind: "ok" }>>();
  return {
    create: (topic, options = {}) => {
      const partitions = Array.from({ length: options.partitions ?? PARTITIONS }, (): SinkRecord[] => []);
      topics.set(topic, { partitions, recordBytesMax: options.recordBytesMax ?? RECORD_BYTES_MAX });
    },
    remove: (topic) => void topics.delete(topic),
    get: (topic) => topics.get(topic) ?? null,
    fault: (topic, outcome) => void (outcome ? faults.set(topic, outcome) : faults.delete(topic)),
    faultOf: (topic) => faults.get(topic) ?? null,
    grow: (topic, partitions) => {
      const all = topics.get(topic)?.partitions;
      while (all && all.length < partitions) all.push([]);
    },
  };
};
