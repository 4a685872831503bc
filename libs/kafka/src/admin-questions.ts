import kafkajs, { type Admin } from "kafkajs";
import { type Address, rotating } from "./connection.ts";
import { askAdmin } from "./kafkajs-client.ts";
import type { KafkaSettings } from "./options.ts";
import type { TopicSettings } from "./record-age.ts";

/** What is asked now and then, each time on a connection of its own; rejects with what kafkajs throws. */
export const createAdminQuestions = (settings: KafkaSettings) => {
  const nextBrokers = rotating(settings.connection.brokers);
  const ask = <T>(question: (admin: Admin) => Promise<T>) => askAdmin(settings, nextBrokers(), question);
  return {
    /** Needs the right to DESCRIBE_CONFIGS; rejects without it. */
    topicSettings: (topic: string, names: readonly string[]): Promise<TopicSettings> =>
      ask(async (admin) => {
        const asked = { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: [...names] };
        const { resources } = await admin.describeConfigs({ resources: [asked], includeSynonyms: false });
        const entries = resources[0]?.configEntries ?? [];
        return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
      }),
    /** By partition, where a group goes on. -1: it has committed nothing there. */
    committed: (group: string, topics: readonly string[]) =>
      ask(async (admin) => {
        // Who asks for a group's coordinator needs to know a broker first.
        await admin.describeCluster();
        return admin.fetchOffsets({ groupId: group, topics: [...topics] });
      }),
    /** By partition, where the log begins and ends. */
    ends: (topic: string) => ask((admin) => admin.fetchTopicOffsets(topic)),
    /** By partition the first record of this time or a later one; the end where there is none. */
    offsetsAt: (topic: string, atMs: number) => ask((admin) => admin.fetchTopicOffsetsByTimestamp(topic, atMs)),
    /** Every broker, as it advertises itself. */
    brokers: (): Promise<readonly Address[]> => ask(async (admin) => (await admin.describeCluster()).brokers),
  };
};

export type AdminQuestions = ReturnType<typeof createAdminQuestions>;
