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
import type { KafkaSettings } from "./options.ts";
import { clientTable, type Verdict } from "./outcome-table.ts";
import { createPartitionCounts } from "./partition-counts.ts";
import { recordAgeMsMax, type TopicSettings } from "./record-age.ts";
import { createTopicClients } from "./topic-clients.ts";
import type { Vendor } from "./vendor.ts";

/** What every attempt needs. */
type Setting<Client, Encoded> = KafkaSettings & { readonly vendor: Vendor<Client, Encoded> };

/** Longer than the relay's longest pause, so that a forbidden topic stays known for one. */
const LATELY_MS = 60_000;

const closedOutcome = clientTable.closed.outcome;

/** Null when one of them cannot be written: apart from sending, since that would be tried again for ever. */
const encodedOrNull = <Client, Encoded>(
  { vendor, log }: Setting<Client, Encoded>,
  topic: string,
  partition: number,
  records: readonly SinkRecord[],
): { readonly value: Encoded } | null => {
  try {
    return { value: vendor.encode(topic, partition, records) };
  } catch (error) {
    log("error", "kafka.not_encoded", { topic, partition, records: records.length, error: errorName(error) });
    return null;
  }
};

/** One attempt under the deadline: null when it is confirmed. */
const attempt = async <Client, Encoded>(
  { vendor, deadlines }: Setting<Client, Encoded>,
  client: Promise<Client>,
  send: (client: Client) => Promise<boolean>,
): Promise<Verdict | null> => {
  try {
    const confirmed = await within(systemClock, deadlines.publishMs, client.then(send));
    if (confirmed === late) return clientTable.publishTimeout;
    return confirmed ? null : clientTable.unconfirmed;
  } catch (error) {
    return vendor.verdictOf(error);
  }
};

/** Whether any broker answers where it says that it is: what answers a first question may not be what takes records. */
const askBrokers = async <Client, Encoded>({
  vendor,
  deadlines,
}: Setting<Client, Encoded>): ReturnType<Sink["health"]> => {
  const ask = async (): Promise<void> => {
    const brokers = await vendor.brokers();
    await Promise.any(brokers.map((address) => vendor.knock(address)));
  };
  try {
    const answer = await within(systemClock, deadlines.connectMs, ask());
    return answer === late ? { status: "down", code: clientTable.connectionTimeout.outcome.code } : { status: "up" };
  } catch (error) {
    // Of no broker at all the list is empty.
    const cause = error instanceof AggregateError ? (error.errors[0] ?? error) : error;
    return { status: "down", code: vendor.verdictOf(cause).outcome.code };
  }
};

const traitsOf = async <Client, Encoded>(
  { vendor, deadlines, log }: Setting<Client, Encoded>,
  topic: string,
): Promise<TopicTraits> => {
  const count = await within(systemClock, deadlines.publishMs, vendor.countPartitions(topic));
  if (count === late) throw late;
  const unknown: TopicSettings = new Map();
  const settings = await within(systemClock, deadlines.connectMs, vendor.topicSettings(topic)).catch(
    (error: unknown) => {
      log("debug", "kafka.topic_settings_unknown", { topic, code: vendor.verdictOf(error).outcome.code });
      return unknown;
    },
  );
  return { count, recordAgeMsMax: recordAgeMsMax(settings === late ? unknown : settings) };
};

const countsOf = <Client, Encoded>(setting: Setting<Client, Encoded>, changed: (topic: string) => void) => {
  const { vendor, log } = setting;
  return createPartitionCounts({
    ask: (topic) => traitsOf(setting, topic),
    verdictOf: (error) => (error === late ? clientTable.requestTimeout : vendor.verdictOf(error)),
    changed,
    clock: systemClock,
    log,
  });
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
export const createSink = <Client, Encoded>(vendor: Vendor<Client, Encoded>, settings: KafkaSettings): Sink => {
  const setting = { vendor, ...settings };
  const clients = createTopicClients(vendor.open, settings.log);
  const counts = countsOf(setting, (topic) => clients.retire(topic, "partitions_changed"));
  const forbidden = createForbidden();
  let closing: Promise<void> | undefined;

  const attemptOn = async (topic: string, partition: number, encoded: Encoded): Promise<Outcome> => {
    const loan = clients.borrow(topic);
    const verdict = await attempt(setting, loan.client, (client) => vendor.send(client, topic, partition, encoded));
    if (verdict?.client === "replace") loan.retire(verdict.outcome.code);
    loan.done();
    return verdict === null ? ok : counts.met(topic, verdict);
  };

  const publish = async (topic: string, partition: number, records: readonly SinkRecord[]): Promise<Outcome> => {
    if (records.length === 0) return ok;
    const known = closing ? closedOutcome : await counts.get(topic);
    // Closed meanwhile: nobody would close a client that is opened now.
    if (closing) return closedOutcome;
    if (known.kind !== "ok") return known;
    // kafkajs resolves for a partition that does not exist.
    if (!(partition >= 0 && partition < known.count)) return counts.met(topic, clientTable.partitionOutOfRange);
    const encoded = encodedOrNull(setting, topic, partition, records);
    if (encoded === null) return clientTable.unencodable.outcome;
    const outcome = await attemptOn(topic, partition, encoded.value);
    forbidden.note(topic, outcome);
    return outcome;
  };

  return {
    partitions: async (topic) => (closing ? closedOutcome : counts.get(topic)),
    publish,
    health: async () => {
      if (closing) return { status: "down", code: closedOutcome.code };
      const code = forbidden.code();
      const asked = await askBrokers(setting);
      return code === null ? asked : { status: "down", code, isReached: asked.status === "up" };
    },
    close: () => {
      closing ??= clients.closeAll();
      return closing;
    },
  };
};
