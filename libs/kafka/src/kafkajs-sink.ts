import { type Sink, systemClock } from "@spillway/event";
import { CompressionTypes, ConfigResourceTypes, type Producer } from "kafkajs";
import { availableCompression, type Compression, defaultCompression } from "./compression.ts";
import { checkBrokers } from "./connection.ts";
import { askAdmin, type KafkajsSettings, openProducer } from "./kafkajs-client.ts";
import { kafkajsVerdict } from "./kafkajs-errors.ts";
import { prepareKafkajs } from "./kafkajs-internals.ts";
import { encodedMessages } from "./kafkajs-messages.ts";
import type { KafkaSinkOptions } from "./options.ts";
import { settingNames } from "./record-age.ts";
import { createSink, deadlinesOf } from "./sink.ts";
import type { Vendor } from "./vendor.ts";

const ACKS_ALL = -1;

const compressionTypes: Readonly<Record<Compression, CompressionTypes>> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  zstd: CompressionTypes.ZSTD,
};

const kafkajsVendor = (settings: KafkajsSettings, compression: CompressionTypes): Vendor<Producer> => {
  let turn = 0;
  return {
    open: () => openProducer(settings, turn++),
    send: async (producer, topic, partition, records) => {
      const replies = await producer.send({
        topic,
        acks: ACKS_ALL,
        timeout: settings.deadlines.acksMs,
        compression,
        messages: encodedMessages(partition, records),
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
      askAdmin(settings, turn++, async (admin) => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        return topics[0]?.partitions.length ?? 0;
      }),
    topicSettings: (topic) =>
      askAdmin(settings, turn++, async (admin) => {
        const asked = { type: ConfigResourceTypes.TOPIC, name: topic, configNames: [...settingNames] };
        const { resources } = await admin.describeConfigs({ resources: [asked], includeSynonyms: false });
        const entries = resources[0]?.configEntries ?? [];
        return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
      }),
    brokers: () =>
      askAdmin(settings, turn++, async (admin) => {
        const { brokers } = await admin.describeCluster();
        return brokers.map(({ host, port }) => `${host}:${port}`);
      }),
    knock: (address) =>
      askAdmin({ ...settings, connection: { ...settings.connection, brokers: [address] } }, 0, async () => undefined),
  };
};

/**
 * Publishes with kafkajs under the rules that make it lossless (README). Throws `RangeError` for a broker list that
 * kafkajs cannot read; connects with the first use.
 */
export const createKafkajsSink = (options: KafkaSinkOptions): Sink => {
  const { connection, clock = systemClock, log = () => undefined } = options;
  checkBrokers(connection.brokers);
  prepareKafkajs();
  const compression = compressionTypes[availableCompression(options.compression ?? defaultCompression)];
  const settings = { connection, deadlines: deadlinesOf(options), clock, log };
  return createSink(kafkajsVendor(settings, compression), options);
};
