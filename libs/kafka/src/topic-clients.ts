import type { Log } from "@spillway/telemetry";
import type { Opened } from "./vendor.ts";

type TopicClient<Client> = Opened<Client> & { inFlight: number; retired: boolean; closed: Promise<void> | undefined };

/**
 * One client per topic, since one topic without authorization or leader poisons the metadata of all topics of a kafkajs
 * producer. A client in doubt is retired for new sends at once and closed when its sends in flight have settled:
 * closing it under them would turn confirmations that are on their way into doubts.
 */
export const createTopicClients = <Client>(open: () => Opened<Client>, log: Log) => {
  const current = new Map<string, TopicClient<Client>>();
  const closing = new Set<Promise<void>>();

  const close = (client: TopicClient<Client>): void => {
    if (client.closed) return;
    const closed = client.close().finally(() => closing.delete(closed));
    client.closed = closed;
    closing.add(closed);
  };

  const retire = (topic: string, client: TopicClient<Client>, code: string): void => {
    if (client.retired) return;
    client.retired = true;
    if (current.get(topic) === client) current.delete(topic);
    log("warn", "kafka.client_retired", { topic, code, inFlight: client.inFlight });
    if (client.inFlight === 0) close(client);
  };

  const clientFor = (topic: string): TopicClient<Client> => {
    const existing = current.get(topic);
    if (existing) return existing;
    const client = { ...open(), inFlight: 0, retired: false, closed: undefined };
    current.set(topic, client);
    return client;
  };

  return {
    /** The right to one send on a topic's client; `done` is called once. */
    borrow: (topic: string) => {
      const client = clientFor(topic);
      client.inFlight++;
      return {
        client: client.client,
        /** No new send gets this client. */
        retire: (code: string): void => retire(topic, client, code),
        done: (): void => {
          client.inFlight--;
          if (client.retired && client.inFlight === 0) close(client);
        },
      };
    },
    retire: (topic: string, code: string): void => {
      const client = current.get(topic);
      if (client) retire(topic, client, code);
    },
    /** Closes every client; the ones with sends in flight too. */
    closeAll: async (): Promise<void> => {
      for (const client of current.values()) {
        client.retired = true;
        close(client);
      }
      current.clear();
      await Promise.all(closing);
    },
  };
};
