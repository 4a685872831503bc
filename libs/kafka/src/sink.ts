import { type Clock, type Outcome, ok, type Sink, type SinkRecord, systemClock } from "@spillway/event";
import { late, within } from "./deadline.ts";
import { type Deadlines, defaultDeadlines, type KafkaLog, type KafkaSinkOptions } from "./options.ts";
import { clientTable, type Verdict } from "./outcome-table.ts";
import { createPartitionCounts, type PartitionCounts } from "./partition-counts.ts";
import { createTopicClients } from "./topic-clients.ts";
import type { Vendor } from "./vendor.ts";

/** What every attempt needs. */
type Setting<Client> = {
  readonly vendor: Vendor<Client>;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly log: KafkaLog;
};

const closedOutcome = clientTable.closed.outcome;

export const deadlinesOf = (options: KafkaSinkOptions): Deadlines => ({ ...defaultDeadlines, ...options.deadlines });

/** One attempt under the deadline: null when it is confirmed. */
const attempt = async <Client>(
  { vendor, clock, deadlines }: Setting<Client>,
  client: Promise<Client>,
  send: (client: Client) => Promise<boolean>,
): Promise<Verdict | null> => {
  try {
    const confirmed = await within(clock, deadlines.publishMs, client.then(send));
    if (confirmed === late) return clientTable.publishTimeout;
    return confirmed ? null : clientTable.unconfirmed;
  } catch (error) {
    return vendor.verdictOf(error);
  }
};

const askHealth = async <Client>({ vendor, clock, deadlines }: Setting<Client>): ReturnType<Sink["health"]> => {
  try {
    const answer = await within(clock, deadlines.connectMs, vendor.ping());
    return answer === late ? { status: "down", code: clientTable.connectionTimeout.outcome.code } : { status: "up" };
  } catch (error) {
    return { status: "down", code: vendor.verdictOf(error).outcome.code };
  }
};

const countsOf = <Client>(setting: Setting<Client>, changed: (topic: string) => void): PartitionCounts => {
  const { vendor, clock, deadlines, log } = setting;
  return createPartitionCounts({
    ask: async (topic) => {
      const count = await within(clock, deadlines.publishMs, vendor.countPartitions(topic));
      if (count === late) throw late;
      return count;
    },
    verdictOf: (error) => (error === late ? clientTable.requestTimeout : vendor.verdictOf(error)),
    changed,
    clock,
    log,
  });
};

/** The rules that hold for every Kafka client; see the README for where each comes from. */
export const createSink = <Client>(vendor: Vendor<Client>, options: KafkaSinkOptions): Sink => {
  const { clock = systemClock, log = () => undefined } = options;
  const setting = { vendor, clock, deadlines: deadlinesOf(options), log };
  const clients = createTopicClients(() => vendor.open(), log);
  const counts = countsOf(setting, (topic) => clients.retire(topic, "partitions_changed"));
  let closing: Promise<void> | undefined;

  const publish = async (topic: string, partition: number, records: readonly SinkRecord[]): Promise<Outcome> => {
    if (records.length === 0) return ok;
    const known = closing ? closedOutcome : await counts.get(topic);
    // Closed meanwhile: nobody would close a client that is opened now.
    if (closing) return closedOutcome;
    if (known.kind !== "ok") return known;
    // kafkajs resolves for a partition that does not exist, and the other client takes it modulo the count.
    if (!(partition >= 0 && partition < known.count)) return counts.met(topic, clientTable.partitionOutOfRange);
    const loan = clients.borrow(topic);
    const verdict = await attempt(setting, loan.client, (client) => vendor.send(client, topic, partition, records));
    if (verdict?.client === "replace") loan.retire(verdict.outcome.code);
    loan.done();
    return verdict === null ? ok : counts.met(topic, verdict);
  };

  return {
    name: vendor.name,
    partitions: async (topic) => (closing ? closedOutcome : counts.get(topic)),
    publish,
    health: async () => (closing ? { status: "down", code: closedOutcome.code } : askHealth(setting)),
    close: () => {
      closing ??= clients.closeAll();
      return closing;
    },
  };
};
