import { type Outcome, ok, type Sink, type SinkRecord, systemClock } from "@spillway/event";
import { late, within } from "./deadline.ts";
import { type Deadlines, defaultDeadlines, type KafkaLog, type KafkaSinkOptions } from "./options.ts";
import { clientTable, type Verdict } from "./outcome-table.ts";
import { partitionOf } from "./partition.ts";
import { createPartitionCounts } from "./partition-counts.ts";
import { createTopicClients } from "./topic-clients.ts";
import type { Vendor } from "./vendor.ts";

const silent: KafkaLog = () => undefined;

export const deadlinesOf = (options: KafkaSinkOptions): Deadlines => ({ ...defaultDeadlines, ...options.deadlines });

/** The rules that hold for every Kafka client; see the README for where each comes from. */
export const createSink = <Client>(vendor: Vendor<Client>, options: KafkaSinkOptions): Sink => {
  const { clock = systemClock, log = silent } = options;
  const deadlines = deadlinesOf(options);
  const clients = createTopicClients(() => vendor.open(), log);
  let closed: Promise<void> | undefined;

  const counts = createPartitionCounts({
    ask: async (topic) => {
      const count = await within(clock, deadlines.publishMs, vendor.countPartitions(topic));
      if (count === late) throw late;
      return count;
    },
    verdictOf: (error) => (error === late ? clientTable.requestTimeout : vendor.verdictOf(error)),
    changed: (topic) => clients.retire(topic, "partitions_changed"),
    clock,
    log,
  });

  /** One attempt under the deadline: null when it is confirmed. */
  const attempt = async (
    client: Promise<Client>,
    topic: string,
    partition: number,
    records: readonly SinkRecord[],
  ): Promise<Verdict | null> => {
    const sent = client.then((ready) => vendor.send(ready, topic, partition, records));
    try {
      const confirmed = await within(clock, deadlines.publishMs, sent);
      if (confirmed === late) return clientTable.publishTimeout;
      return confirmed ? null : clientTable.unconfirmed;
    } catch (error) {
      return vendor.verdictOf(error);
    }
  };

  const publish = async (topic: string, partition: number, records: readonly SinkRecord[]): Promise<Outcome> => {
    if (closed) return clientTable.closed.outcome;
    if (records.length === 0) return ok;
    const known = await counts.get(topic);
    if (known.kind !== "ok") return known;
    // kafkajs resolves for a partition that does not exist, and the other client takes it modulo the count.
    if (!(partition >= 0 && partition < known.count)) return counts.met(topic, clientTable.partitionOutOfRange);
    const loan = clients.borrow(topic);
    const verdict = await attempt(loan.client, topic, partition, records);
    if (verdict?.client === "replace") loan.retire(verdict.outcome.code);
    loan.done();
    return verdict === null ? ok : counts.met(topic, verdict);
  };

  const health: Sink["health"] = async () => {
    if (closed) return { status: "down", code: clientTable.closed.outcome.code };
    try {
      const answer = await within(clock, deadlines.connectMs, vendor.ping());
      return answer === late ? { status: "down", code: clientTable.connectionTimeout.outcome.code } : { status: "up" };
    } catch (error) {
      return { status: "down", code: vendor.verdictOf(error).outcome.code };
    }
  };

  return {
    name: vendor.name,
    partitions: async (topic) => (closed ? clientTable.closed.outcome : counts.get(topic)),
    partitionOf,
    publish,
    health,
    close: () => {
      closed ??= clients.closeAll();
      return closed;
    },
  };
};
