import {
  errorName,
  late,
  type Outcome,
  ok,
  type Sink,
  type SinkRecord,
  systemClock,
  type TopicTraits,
  within,
} from "@spillway/event";
import { type AdminQuestions, createAdminQuestions } from "./admin-questions.ts";
import { openConnection } from "./kafkajs-connection.ts";
import { kafkajsVerdict } from "./kafkajs-errors.ts";
import { verdictOfFailure } from "./metadata-connection.ts";
import type { KafkaSettings } from "./options.ts";
import { clientTable } from "./outcome-table.ts";
import { createPartitionCounts } from "./partition-counts.ts";
import { createProducing } from "./producing.ts";
import { recordAgeMsMax, settingNames, type TopicSettings } from "./record-age.ts";
import { encodeBatch } from "./record-batch.ts";

/** Longer than the relay's longest pause, so that a forbidden topic stays known for one. */
const LATELY_MS = 60_000;

const closedOutcome = clientTable.closed.outcome;

/** Null when one of them cannot be written: apart from sending, since that would be tried again for ever. */
const encodedOrNull = async (
  { compression, log }: KafkaSettings,
  topic: string,
  partition: number,
  records: readonly SinkRecord[],
): Promise<Buffer | null> => {
  try {
    return await encodeBatch(records, compression);
  } catch (error) {
    log("error", "kafka.not_encoded", { topic, partition, records: records.length, error: errorName(error) });
    return null;
  }
};

/** Whether any broker answers where it says that it is: what answers a first question may not be what takes records. */
const askBrokers = async (settings: KafkaSettings, questions: AdminQuestions): ReturnType<Sink["health"]> => {
  const ask = async (): Promise<void> => {
    const knocks = (await questions.brokers()).map(async (at) => (await openConnection(settings, at)).close());
    await Promise.any(knocks);
  };
  try {
    const answer = await within(systemClock, settings.deadlines.connectMs, ask());
    return answer === late ? { status: "down", code: clientTable.connectionTimeout.outcome.code } : { status: "up" };
  } catch (error) {
    // Of no broker at all the list is empty.
    const cause = error instanceof AggregateError ? (error.errors[0] ?? error) : error;
    return { status: "down", code: verdictOfFailure(cause).outcome.code };
  }
};

/** How old a record's time may be, as far as we may ask for it. */
const ageOf = async ({ deadlines, log }: KafkaSettings, questions: AdminQuestions, topic: string): Promise<number> => {
  const unknown: TopicSettings = new Map();
  const settings = await within(systemClock, deadlines.connectMs, questions.topicSettings(topic, settingNames)).catch(
    (error: unknown) => {
      log("debug", "kafka.topic_settings_unknown", { topic, code: kafkajsVerdict(error).outcome.code });
      return unknown;
    },
  );
  return recordAgeMsMax(settings === late ? unknown : settings);
};

/** What the last publish on each topic met: a broker that lets us ask may still forbid us to write. */
const createForbidden = () => {
  const last = new Map<string, { readonly code: string | null; readonly atMs: number }>();
  return {
    note: (topic: string, outcome: Outcome): void => {
      const code = outcome.kind === "retriable" && outcome.pause === true ? outcome.code : null;
      last.set(topic, { code, atMs: systemClock.monotonicMs() });
    },
    /** The code of a topic, when all that were published to lately forbade it. */
    code: (): string | null => {
      const lately = [...last.values()].filter(({ atMs }) => systemClock.monotonicMs() - atMs < LATELY_MS);
      return lately.every(({ code }) => code !== null) ? (lately[0]?.code ?? null) : null;
    },
  };
};

/** The rules; see the README for where each comes from. */
export const createSink = (settings: KafkaSettings): Sink => {
  const { deadlines, log } = settings;
  const questions = createAdminQuestions(settings);
  const producing = createProducing(settings);
  const forbidden = createForbidden();
  let closing: Promise<void> | undefined;

  const traitsOf = async (topic: string): Promise<TopicTraits> => {
    const count = await within(systemClock, deadlines.publishMs, producing.countPartitions(topic));
    if (count === late) throw late;
    return { count, recordAgeMsMax: await ageOf(settings, questions, topic) };
  };
  const counts = createPartitionCounts({ ask: traitsOf, verdictOf: verdictOfFailure, clock: systemClock, log });

  const publish: Sink["publish"] = async (topic, partition, records, mayStart) => {
    if (records.length === 0) return ok;
    const known = closing ? closedOutcome : await counts.get(topic);
    // Closed meanwhile: nobody would close a connection that is opened now.
    if (closing) return closedOutcome;
    if (known.kind !== "ok") return known;
    if (!(partition >= 0 && partition < known.count)) return counts.met(topic, clientTable.partitionOutOfRange);
    const batch = await encodedOrNull(settings, topic, partition, records);
    if (batch === null) return clientTable.unencodable.outcome;
    const verdict = await producing.send(topic, partition, batch, mayStart);
    const outcome = verdict === null ? ok : counts.met(topic, verdict);
    forbidden.note(topic, outcome);
    return outcome;
  };

  return {
    partitions: async (topic) => (closing ? closedOutcome : counts.get(topic)),
    publish,
    health: async () => {
      if (closing) return { status: "down", code: closedOutcome.code };
      const code = forbidden.code();
      const asked = await askBrokers(settings, questions);
      return code === null ? asked : { status: "down", code, isReached: asked.status === "up" };
    },
    close: () => {
      closing ??= producing.close();
      return closing;
    },
  };
};
