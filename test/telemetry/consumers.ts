import { prepareKafkajs } from "@spillway/kafka/kafkajs-internals";
import { type Consumer, Kafka, logLevel } from "kafkajs";

prepareKafkajs();

/** The group that the dashboard of the stack is told of. */
export const BILLING = "billing";

/** Consumers downstream, whose work is none of ours: they read all of these topics, and commit what they have read each second. */
export const createConsumers = (brokers: readonly string[], topics: readonly string[]) => {
  const kafka = new Kafka({ clientId: "billing", brokers: [...brokers], logLevel: logLevel.NOTHING });
  let consumer: Consumer | null = null;
  return {
    start: async (): Promise<void> => {
      consumer = kafka.consumer({ groupId: BILLING, sessionTimeout: 10_000 });
      await consumer.connect();
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await consumer.run({ autoCommitInterval: 1_000, eachMessage: async () => undefined });
    },
    stop: async (): Promise<void> => {
      await consumer?.disconnect();
      consumer = null;
    },
  };
};
