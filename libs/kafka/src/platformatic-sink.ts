import { type Admin, ConfigResourceTypes, compressionsAlgorithms, ProduceAcks } from "@platformatic/kafka";
import type { Sink } from "@spillway/event";
import { gzip, zstd } from "./compression.ts";
import { rotating } from "./connection.ts";
import { type KafkaSettings, type KafkaSinkOptions, settingsOf } from "./options.ts";
import { askOnce, type BytesProducer, openProducer } from "./platformatic-client.ts";
import { platformaticVerdict } from "./platformatic-errors.ts";
import { type BytesMessage, batchesBySpan, bytesMessages } from "./platformatic-messages.ts";
import { settingNames } from "./record-age.ts";
import { createSink } from "./sink.ts";
import type { Vendor } from "./vendor.ts";

const sendBatch = async (
  producer: BytesProducer,
  topic: string,
  partition: number,
  messages: BytesMessage[],
): Promise<boolean> => {
  const { offsets = [] } = await producer.send({ acks: ProduceAcks.ALL, messages });
  const [reply] = offsets;
  return offsets.length === 1 && reply?.topic === topic && reply.partition === partition && reply.offset >= 0n;
};

const platformaticVendor = (settings: KafkaSettings): Vendor<BytesProducer, readonly BytesMessage[][]> => {
  const nextBrokers = rotating(settings.connection.brokers);
  const ask = <T>(question: (admin: Admin) => Promise<T>, brokers = nextBrokers()) =>
    askOnce(settings, brokers, question);
  return {
    open: () => openProducer(settings, nextBrokers()),
    encode: (topic, partition, records) =>
      batchesBySpan(records).map((batch) => bytesMessages(topic, partition, batch)),
    send: async (producer, topic, partition, batches) => {
      for (const batch of batches) {
        const confirmed = await sendBatch(producer, topic, partition, batch).catch((cause: unknown) => {
          // Below a cause nobody looks for the records that a broker names: it would count them from this batch's first.
          throw batches.length === 1 ? cause : new Error("one batch of several", { cause });
        });
        if (!confirmed) return false;
      }
      return true;
    },
    verdictOf: platformaticVerdict,
    countPartitions: (topic) =>
      ask(async (client) => {
        const { topics } = await client.metadata({ topics: [topic] });
        return topics.get(topic)?.partitionsCount ?? 0;
      }),
    topicSettings: (topic) =>
      ask(async (client) => {
        const resources = [
          { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: [...settingNames] },
        ];
        const [described] = await client.describeConfigs({ resources });
        return new Map((described?.configs ?? []).map(({ name, value }) => [name, value ?? ""]));
      }),
    brokers: () =>
      ask(async (client) => {
        const { brokers } = await client.metadata({ topics: [] });
        return [...brokers.values()].map(({ host, port }) => `${host}:${port}`);
      }),
    knock: async (address) => void (await ask((client) => client.metadata({ topics: [] }), [address])),
  };
};

/**
 * Publishes with the idempotent producer of @platformatic/kafka: fewer duplicates around a fault than kafkajs, since
 * it repeats under the same sequence numbers. Connects with the first use.
 */
export const createPlatformaticSink = (options: KafkaSinkOptions): Sink => {
  // Its own levels are 3 and 6, and it has no option for them.
  Object.assign(compressionsAlgorithms.zstd, { compressSync: zstd });
  Object.assign(compressionsAlgorithms.gzip, { compress: gzip });
  const settings = settingsOf(options);
  return createSink(platformaticVendor(settings), settings);
};
