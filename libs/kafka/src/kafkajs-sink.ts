import type { Sink } from "@spillway/event";
import { type Admin, CompressionTypes, ConfigResourceTypes, type Message, type Producer } from "kafkajs";
import type { Compression } from "./compression.ts";
import { rotating } from "./connection.ts";
import { askAdmin, openProducer } from "./kafkajs-client.ts";
import { kafkajsVerdict } from "./kafkajs-errors.ts";
import { prepareKafkajs } from "./kafkajs-internals.ts";
import { encodedMessages } from "./kafkajs-messages.ts";
import { type KafkaSettings, type KafkaSinkOptions, settingsOf } from "./options.ts";
import { settingNames } from "./record-age.ts";
import { createSink } from "./sink.ts";
import type { Vendor } from "./vendor.ts";

const ACKS_ALL = -1;

const compressionTypes: Readonly<Record<Compression, CompressionTypes>> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  zstd: CompressionTypes.ZSTD,
};

const kafkajsVendor = (settings: KafkaSettings): Vendor<Producer, Message[]> => {
  const nextBrokers = rotating(settings.connection.brokers);
  const ask = <T>(question: (admin: Admin) => Promise<T>, brokers = nextBrokers()) =>
    askAdmin(settings, brokers, question);
  return {
    open: () => openProducer(settings, nextBrokers()),
    encode: (_topic, partition, records) => encodedMessages(partition, records),
    send: async (producer, topic, partition, messages) => {
      const replies = await producer.send({
        topic,
        acks: ACKS_ALL,
        timeout: settings.deadlines.acksMs,
        compression: compressionTypes[settings.compression],
        messages,
      });
      const [reply] = replies;
      return (
        replies.length === 1 &&
        reply?.topicName === topic &&
        reply.partition === partition &&
        reply.errorCode === 0 &&
        BigInt(reply.baseOffset ?? -1) >= 0n
      );
    },
    verdictOf: kafkajsVerdict,
    countPartitions: (topic) =>
      ask(async (admin) => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        return topics[0]?.partitions.length ?? 0;
      }),
    topicSettings: (topic) =>
      ask(async (admin) => {
        const asked = { type: ConfigResourceTypes.TOPIC, name: topic, configNames: [...settingNames] };
        const { resources } = await admin.describeConfigs({ resources: [asked], includeSynonyms: false });
        const entries = resources[0]?.configEntries ?? [];
        return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
      }),
    brokers: () =>
      ask(async (admin) => {
        const { brokers } = await admin.describeCluster();
        return brokers.map(({ host, port }) => `${host}:${port}`);
      }),
    knock: (address) => ask(async () => undefined, [address]),
  };
};

/** Publishes with kafkajs under the rules that make it lossless (README). Connects with the first use. */
export const createKafkajsSink = (options: KafkaSinkOptions): Sink => {
  prepareKafkajs();
  const settings = settingsOf(options);
  return createSink(kafkajsVendor(settings), settings);
};
