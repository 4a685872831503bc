import { prepareKafkajs } from "@spillway/kafka/kafkajs-internals";
import { type Admin, Kafka, logLevel, type RetryOptions } from "kafkajs";
import { eventually } from "../eventually.ts";

prepareKafkajs();

const ASK_MS = 2_000;
const CREATE_MS = 15_000;

export type TopicSpec = {
  readonly name: string;
  readonly partitions: number;
  /** Topic settings: { "min.insync.replicas": "2" }. */
  readonly settings?: Readonly<Record<string, string>>;
};

export const kafkaClient = (brokers: readonly string[], retry: RetryOptions = { retries: 0 }): Kafka =>
  new Kafka({
    clientId: "spillway-devstack",
    brokers: [...brokers],
    connectionTimeout: ASK_MS,
    requestTimeout: CREATE_MS,
    retry,
    logLevel: logLevel.NOTHING,
  });

/** Asks a cluster on a connection of its own, without retries. */
export const askKafka = async <T>(brokers: readonly string[], ask: (admin: Admin) => Promise<T>): Promise<T> => {
  const admin = kafkaClient(brokers).admin();
  try {
    await admin.connect();
    return await ask(admin);
  } finally {
    await admin.disconnect();
  }
};

/**
 * Whether this node answers Metadata and is itself in the answer. An open port says nothing, and a broker that is back
 * from kill -9 leaves itself out until the controller has let it in again.
 */
export const brokerIsReady = async (broker: string, nodeId: number): Promise<boolean> =>
  askKafka([broker], async (admin) => {
    const { brokers, controller } = await admin.describeCluster();
    return controller !== null && brokers.some((member) => member.nodeId === nodeId);
  });

/** Creates the topics that are missing and waits until every partition of all of them has a leader. */
export const createTopics = async (brokers: readonly string[], topics: readonly TopicSpec[]): Promise<void> => {
  if (topics.length === 0) return;
  await askKafka(brokers, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter((topic) => !existing.has(topic.name));
    await admin.createTopics({
      waitForLeaders: false,
      timeout: CREATE_MS,
      topics: missing.map((topic) => ({
        topic: topic.name,
        numPartitions: topic.partitions,
        // As many as the cluster makes by default.
        replicationFactor: -1,
        configEntries: Object.entries(topic.settings ?? {}).map(([name, value]) => ({ name, value })),
      })),
    });
  });
  // Metadata names a leader before that broker serves the partition: asking it for offsets is the proof.
  const areLed = () =>
    askKafka(brokers, async (admin) => {
      for (const { name } of topics) await admin.fetchTopicOffsets(name);
      return true;
    });
  await eventually(`a leader for every partition of ${topics.map(({ name }) => name).join(", ")}`, areLed, CREATE_MS);
};
