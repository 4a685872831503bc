import type { Kafka, TopicSpec } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { type Admin, Kafka as Client, logLevel } from "kafkajs";

/** Asks a broker as the tests' own admin, on a connection of its own. */
export const askBroker = async <T>(broker: string, ask: (admin: Admin) => Promise<T>): Promise<T> => {
  const client = new Client({ clientId: "test", brokers: [broker], logLevel: logLevel.NOTHING, retry: { retries: 0 } });
  const admin = client.admin();
  await admin.connect();
  try {
    return await ask(admin);
  } finally {
    await admin.disconnect();
  }
};

/**
 * Makes a topic and waits until its leader serves it. The metadata names a leader some milliseconds earlier, and a
 * publish in between is answered NOT_LEADER_OR_FOLLOWER: right, but not what a test of something else asks for.
 */
export const createTopic = async (
  kafka: Kafka,
  spec: Omit<TopicSpec, "name"> & { readonly name?: string },
): Promise<string> => {
  const topic = { ...spec, name: spec.name ?? `t-${crypto.randomUUID()}` };
  await kafka.createTopics([topic]);
  const served = () => askBroker(kafka.url, (admin) => admin.fetchTopicOffsets(topic.name));
  await eventually("every partition's leader to serve it", async () => (await served()).length === topic.partitions);
  return topic.name;
};
