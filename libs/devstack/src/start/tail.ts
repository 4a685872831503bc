import { randomUUID } from "node:crypto";
import type { KafkaMessage } from "kafkajs";
import { askKafka, kafkaClient } from "../kafka-admin.ts";

export interface Arrival {
  readonly partition: number;
  readonly offset: string;
  readonly key: string | null;
  readonly value: Buffer;
}

export interface Tail {
  stop(): Promise<void>;
}

const arrivalOf = (partition: number, message: KafkaMessage): Arrival => ({
  partition,
  offset: message.offset,
  key: message.key?.toString() ?? null,
  value: message.value ?? Buffer.from(""),
});

/**
 * Calls `onArrival` for every record that reaches the topic from now on, with a Kafka client that is not the relay's.
 * "Now" is read before the consumer starts: one that starts at the latest offset misses what comes while it joins.
 */
export async function tailTopic(brokers: string, topic: string, onArrival: (arrival: Arrival) => void): Promise<Tail> {
  const addresses = brokers.split(",");
  const starts = await askKafka(addresses, (admin) => admin.fetchTopicOffsets(topic));
  // A group of its own, so that two tails do not share the partitions out between them.
  const consumer = kafkaClient(addresses, { retries: 5, restartOnFailure: async () => true }).consumer({
    groupId: `spillway-tail-${randomUUID()}`,
    maxWaitTimeInMs: 300,
  });
  await consumer.connect();
  await consumer.subscribe({ topic });
  await consumer.run({ eachMessage: async ({ partition, message }) => onArrival(arrivalOf(partition, message)) });
  for (const { partition, high } of starts) consumer.seek({ topic, partition, offset: high });
  return { stop: () => consumer.disconnect() };
}
