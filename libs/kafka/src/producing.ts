import { late, systemClock, within } from "@spillway/event";
import { BrokerQueue } from "./broker-queue.ts";
import { type Address, addressOf, nameOf, rotating } from "./connection.ts";
import { openConnection } from "./kafkajs-connection.ts";
import { createLeaders } from "./leaders.ts";
import { createMetadataConnection } from "./metadata-connection.ts";
import type { KafkaSettings } from "./options.ts";
import { clientTable, type Verdict } from "./outcome-table.ts";
import { Place } from "./place.ts";
import { systemTimers } from "./timers.ts";

/** Whether another broker may be the one to ask: not after what this one says of the records, the topic or our rights. */
const doubtsLeader = ({ outcome }: Verdict): boolean =>
  outcome !== clientTable.notWanted.outcome &&
  outcome.kind === "retriable" &&
  !outcome.pause &&
  !outcome.retime &&
  outcome.attemptsMax === undefined;

const createPlaces = () => {
  const topics = new Map<string, Place[]>();
  return (topic: string, partition: number): Place => {
    const places = topics.get(topic) ?? [];
    topics.set(topic, places);
    places[partition] ??= new Place(topic, partition);
    return places[partition];
  };
};

/** Batches to the brokers that lead their partitions. */
export const createProducing = (settings: KafkaSettings) => {
  const { connection, deadlines, log } = settings;
  const open = (at: Address) => openConnection(settings, at);
  const metadata = createMetadataConnection({
    seeds: rotating(connection.brokers.map(addressOf)),
    open,
    within: (work) => within(systemClock, deadlines.connectMs, work),
  });
  const leaders = createLeaders(metadata.leadersOf);
  const placeOf = createPlaces();
  const queues = new Map<string, BrokerQueue>();

  const queueOf = (at: Address): BrokerQueue => {
    const broker = nameOf(at);
    const found =
      queues.get(broker) ?? new BrokerQueue({ broker, open: () => open(at), deadlines, timers: systemTimers, log });
    queues.set(broker, found);
    return found;
  };

  const leaderOf = async (topic: string, partition: number): Promise<Address | Verdict> => {
    const found = await within(systemClock, deadlines.publishMs, leaders.of(topic, partition));
    return found === late ? clientTable.publishTimeout : found;
  };

  const attempt = async (
    topic: string,
    partition: number,
    batch: Buffer,
    mayStart: () => boolean,
  ): Promise<Verdict | null> => {
    const sinceMs = systemTimers.nowMs();
    const leader = leaders.known(topic, partition) ?? (await leaderOf(topic, partition));
    if ("outcome" in leader) return leader;
    return new Promise((settle) => {
      queueOf(leader).push({ place: placeOf(topic, partition), batch, sinceMs, mayStart, settle });
    });
  };

  return {
    countPartitions: leaders.refresh,
    /** One attempt. Null: confirmed. Never rejects. */
    send: async (topic: string, partition: number, batch: Buffer, mayStart: () => boolean): Promise<Verdict | null> => {
      const verdict = await attempt(topic, partition, batch, mayStart);
      if (verdict !== null && doubtsLeader(verdict)) leaders.doubt(topic, partition);
      return verdict;
    },
    close: async (): Promise<void> => {
      metadata.close();
      await Promise.all([...queues.values()].map((queue) => queue.close(deadlines.closeMs)));
    },
  };
};
