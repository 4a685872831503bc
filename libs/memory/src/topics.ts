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

type TopicOptions = Partial<Omit<Topic, "partitions">> & { readonly partitions?: number };

export type Refusal = Exclude<Outcome, { kind: "ok" }>;

export type Topics = ReturnType<typeof createTopics>;

/** What a broker takes when nobody configured it (`message.max.bytes` is 1048588). */
const RECORD_BYTES_MAX = 1_048_588;
const PARTITIONS = 3;

/** The broker's state, and the faults that it shows. */
export const createTopics = () => {
  const topics = new Map<string, Topic>();
  const faults = new Map<string, Refusal>();
  return {
    create: (topic: string, options: TopicOptions = {}): void => {
      const partitions = Array.from({ length: options.partitions ?? PARTITIONS }, (): SinkRecord[] => []);
      const { recordBytesMax = RECORD_BYTES_MAX, compacted = false, beforeMsMax = Number.POSITIVE_INFINITY } = options;
      const { recordAgeMsMax = beforeMsMax / 2 } = options;
      topics.set(topic, { partitions, recordBytesMax, compacted, beforeMsMax, recordAgeMsMax });
    },
    remove: (topic: string) => void topics.delete(topic),
    get: (topic: string) => topics.get(topic) ?? null,
    /** Every request for this topic is answered so until `null`, and nothing is stored. */
    fault: (topic: string, refusal: Refusal | null) =>
      void (refusal ? faults.set(topic, refusal) : faults.delete(topic)),
    faultOf: (topic: string) => faults.get(topic) ?? null,
  };
};
