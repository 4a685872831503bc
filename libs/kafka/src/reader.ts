import { Unavailable } from "@spillway/event";
import { createAdminQuestions } from "./admin-questions.ts";
import { findRecord, type RecordFound, type RecordQuery } from "./find-record.ts";
import { askGroupLags, type GroupLag } from "./group-lag.ts";
import { openConnection } from "./kafkajs-connection.ts";
import { prepareKafkajs } from "./kafkajs-internals.ts";
import { type KafkaSinkOptions, settingsOf } from "./options.ts";

export { RECORDS_MAX, type RecordFound, type RecordQuery } from "./find-record.ts";
export type { GroupLag } from "./group-lag.ts";

/** Who looks at Kafka now and then, each time on connections of its own. */
export type KafkaReader = {
  /** Never rejects. */
  lags(groups: readonly string[], topics: readonly string[]): Promise<readonly GroupLag[]>;
  /** Rejects with `Unavailable`. */
  find(query: RecordQuery): Promise<RecordFound>;
};

export const createKafkaReader = (options: KafkaSinkOptions): KafkaReader => {
  prepareKafkajs();
  const settings = settingsOf(options);
  const questions = createAdminQuestions(settings);
  return {
    lags: (groups, topics) => askGroupLags(questions, groups, topics),
    find: async (query) => {
      try {
        return await findRecord(settings, questions, openConnection, query);
      } catch (error) {
        throw new Unavailable("kafka", { cause: error });
      }
    },
  };
};
