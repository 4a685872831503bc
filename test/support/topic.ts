import { prepareKafkajs } from "@spillway/kafka/kafkajs-internals";
import { type Admin, ConfigResourceTypes, Kafka, logLevel } from "kafkajs";

/** A record as a consumer sees it. */
export type TopicRecord = {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly timestampMs: number;
};

prepareKafkajs();

const kafkaOf = (brokers: readonly string[]) =>
  new Kafka({ clientId: "test", brokers: [...brokers], logLevel: logLevel.NOTHING, retry: { retries: 20 } });

const withAdmin = async <T>(brokers: readonly string[], use: (admin: Admin) => Promise<T>): Promise<T> => {
  const admin = kafkaOf(brokers).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
};

/** End offset of every partition. */
const endOffsets = async (brokers: readonly string[], topic: string): Promise<ReadonlyMap<number, number>> =>
  withAdmin(brokers, async (admin) => {
    const offsets = await admin.fetchTopicOffsets(topic);
    return new Map(offsets.map((each) => [each.partition, Number(each.high)]));
  });

/** How many records the topic holds now. */
export const countTopic = async (brokers: readonly string[], topic: string): Promise<number> =>
  [...(await endOffsets(brokers, topic)).values()].reduce((sum, offset) => sum + offset, 0);

/** Changes one setting of a topic. */
export const setTopic = (brokers: readonly string[], topic: string, name: string, value: string): Promise<unknown> =>
  withAdmin(brokers, (admin) =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name, value }] }],
    }),
  );

const headersOf = (headers: Record<string, unknown> | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]));

/** Calls back with every record from the first one to what the topic held when the call began. */
export const eachInTopic = async (
  brokers: readonly string[],
  topic: string,
  see: (record: TopicRecord) => void,
): Promise<void> => {
  const left = new Map([...(await endOffsets(brokers, topic))].filter(([, end]) => end > 0));
  if (left.size === 0) return;
  const consumer = kafkaOf(brokers).consumer({ groupId: `test-${crypto.randomUUID()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => void (payload.restart || reject(payload.error)));
      const eachBatch = async ({ batch }: { batch: import("kafkajs").Batch }) => {
        for (const { offset, key, value, headers, timestamp } of batch.messages) {
          see({
            partition: batch.partition,
            offset: Number(offset),
            key: key === null ? null : key.toString(),
            value: value ?? Buffer.alloc(0),
            headers: headersOf(headers),
            timestampMs: Number(timestamp),
          });
        }
        if (Number(batch.lastOffset()) + 1 >= (left.get(batch.partition) ?? 0)) left.delete(batch.partition);
        if (left.size === 0) resolve();
      };
      consumer.run({ eachBatch }).catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
};

export const readTopic = async (brokers: readonly string[], topic: string): Promise<TopicRecord[]> => {
  const records: TopicRecord[] = [];
  await eachInTopic(brokers, topic, (record) => records.push(record));
  return records;
};
