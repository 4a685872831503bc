import { ConfigResourceTypes, compressionsAlgorithms, ProduceAcks } from "@platformatic/kafka";
import { type Sink, type SinkRecord, systemClock } from "@spillway/event";
import { availableCompression, defaultCompression, gzip, zstd } from "./compression.ts";
import { checkBrokers } from "./connection.ts";
import type { KafkaSinkOptions } from "./options.ts";
import { askOnce, type BytesProducer, openProducer, type PlatformaticSettings } from "./platformatic-client.ts";
import { platformaticVerdict } from "./platformatic-errors.ts";
import { batchesBySpan, bytesMessages } from "./platformatic-messages.ts";
import { settingNames } from "./record-age.ts";
import { createSink, deadlinesOf } from "./sink.ts";
import type { Vendor } from "./vendor.ts";

const sendBatch = async (
  producer: BytesProducer,
  topic: string,
  partition: number,
  records: readonly SinkRecord[],
): Promise<boolean> => {
  const { offsets = [] } = await producer.send({
    acks: ProduceAcks.ALL,
    messages: bytesMessages(topic, partition, records),
  });
  const [reply] = offsets;
  return offsets.length === 1 && reply?.topic === topic && reply.partition === partition && reply.offset >= 0n;
};

const platformaticVendor = (settings: PlatformaticSettings): Vendor<BytesProducer> => {
  let turn = 0;
  return {
    open: () => openProducer(settings, turn++),
    send: async (producer, topic, partition, records) => {
      const batches = batchesBySpan(records);
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
      askOnce(settings, turn++, async (client) => {
        const { topics } = await client.metadata({ topics: [topic] });
        return topics.get(topic)?.partitionsCount ?? 0;
      }),
    topicSettings: (topic) =>
      askOnce(settings, turn++, async (client) => {
        const resources = [
          { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: [...settingNames] },
        ];
        const [described] = await client.describeConfigs({ resources });
        return new Map((described?.configs ?? []).map(({ name, value }) => [name, value ?? ""]));
      }),
    brokers: () =>
      askOnce(settings, turn++, async (client) => {
        const { brokers } = await client.metadata({ topics: [] });
        return [...brokers.values()].map(({ host, port }) => `${host}:${port}`);
      }),
    knock: (address) =>
      askOnce({ ...settings, connection: { ...settings.connection, brokers: [address] } }, 0, async (client) => {
        await client.metadata({ topics: [] });
      }),
  };
};

/**
 * Publishes with the idempotent producer of @platformatic/kafka: fewer duplicates around a fault than kafkajs, since
 * it repeats under the same sequence numbers. Throws `RangeError` for a broker list that cannot be read; connects with
 * the first use.
 */
export const createPlatformaticSink = (options: KafkaSinkOptions): Sink => {
  const { connection, clock = systemClock, log = () => undefined } = options;
  checkBrokers(connection.brokers);
  // Its own levels are 3 and 6, and it has no option for them.
  Object.assign(compressionsAlgorithms.zstd, { compressSync: zstd });
  Object.assign(compressionsAlgorithms.gzip, { compress: gzip });
  const compression = availableCompression(options.compression ?? defaultCompression);
  return createSink(
    platformaticVendor({ connection, compression, deadlines: deadlinesOf(options), clock, log }),
    options,
  );
};
