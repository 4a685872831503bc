import kafkajs, { type Admin } from "kafkajs";
import { type Address, rotating } from "./connection.ts";
import { askAdmin } from "./kafkajs-client.ts";
import type { KafkaSettings } from "./options.ts";
import { settingNames, type TopicSettings } from "./record-age.ts";

/** What is asked now and then, each time on a connection of its own; rejects with what kafkajs throws. */
export const createAdminQuestions = (settings: KafkaSettings) => {
  const nextBrokers = rotating(settings.connection.brokers);
  const ask = <T>(question: (admin: Admin) => Promise<T>) => askAdmin(settings, nextBrokers(), question);
  return {
    /** Needs the right to DESCRIBE_CONFIGS; rejects without it. */
    topicSettings: (topic: string): Promise<TopicSettings> =>
      ask(async (admin) => {
        const asked = { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: [...settingNames] };
        const { resources } = await admin.describeConfigs({ resources: [asked], includeSynonyms: false });
        const entries = resources[0]?.configEntries ?? [];
        return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
      }),
    /** Every broker, as it advertises itself. */
    brokers: (): Promise<readonly Address[]> => ask(async (admin) => (await admin.describeCluster()).brokers),
  };
};

export type AdminQuestions = ReturnType<typeof createAdminQuestions>;
