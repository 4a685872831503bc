import { Unavailable } from "@spillway/event";
import { createAdminQuestions } from "./admin-questions.ts";
import { findRecord, type RecordFound, type RecordQuery } from "./find-record.ts";
import { askGroupLags, type GroupLag } from "./group-lag.ts";
import { openConnection } from "./kafkajs-connection.ts";
import { kafkajsVerdict } from "./kafkajs-errors.ts";
import { prepareKafkajs } from "./kafkajs-internals.ts";
import { type KafkaSinkOptions, settingsOf } from "./options.ts";

export { RECORDS_MAX, type RecordFound, type RecordQuery } from "./find-record.ts";
export type { GroupLag } from "./group-lag.ts";

/** Who looks at Kafka now and then, each time on connections of its own. */
export type KafkaReader = {
  /** Never rejects. */
  lags(groups: readonly string[], topics: readonly string[]): Promise<readonly GroupLag[]>;
  /**
   * `max.message.bytes`: the largest batch that the topic takes, as it is sent, compressed. Needs the right to DESCRIBE_CONFIGS. Rejects with
   * `Unavailable`, whose code says why.
   */
  messageBytesMax(topic: string): Promise<number>;
  /** Rejects with `Unavailable`. */
  find(query: RecordQuery): Promise<RecordFound>;
};

const MESSAGE_BYTES_MAX = "max.message.bytes";

export const createKafkaReader = (options: KafkaSinkOptions): KafkaReader => {
  prepareKafkajs();
  const settings = settingsOf(options);
  const questions = createAdminQuestions(settings);
  return {
    lags: (groups, topics) => askGroupLags(questions, groups, topics),
    messageBytesMax: async (topic) => {
      const told = await questions.topicSettings(topic, [MESSAGE_BYTES_MAX]).catch((error: unknown) => {
        throw new Unavailable(kafkajsVerdict(error).outcome.code, { cause: error });
      });
      const bytes = Number(told.get(MESSAGE_BYTES_MAX) ?? Number.NaN);
      if (Number.isNaN(bytes)) throw new Unavailable("not_told");
      return bytes;
    },
    find: async (query) => {
      try {
        return await findRecord(settings, questions, openConnection, query);
      } catch (error) {
        throw new Unavailable("kafka", { cause: error });
      }
    },
  };
};
