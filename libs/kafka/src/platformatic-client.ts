import { isIP } from "node:net";
import { Admin, type Base, Producer } from "@platformatic/kafka";
import { systemClock, within } from "@spillway/event";
import { type KafkaSettings, METADATA_MAX_AGE_MS } from "./options.ts";
import type { Opened } from "./vendor.ts";

/** Its idempotent producer repeats in place under the same sequence number: no duplicate, where a new producer makes one. */
const RETRIES = 14;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 1_000;

export type BytesProducer = Producer<Buffer, Buffer, Buffer, Buffer>;

/** Told to, it names the server to the TLS listener: needed where several share an address, refused for an address. */
const hasName = (broker: string): boolean =>
  isIP(broker.slice(0, broker.lastIndexOf(":")).replace(/^\[|\]$/g, "")) === 0;

const clientOptions = ({ connection, deadlines }: KafkaSettings, brokers: readonly string[]) => ({
  clientId: connection.clientId,
  bootstrapBrokers: [...brokers],
  tls: connection.tls && { ...connection.tls },
  tlsServerName: connection.tls !== undefined && brokers.every(hasName),
  sasl: connection.sasl && { ...connection.sasl, mechanism: connection.sasl.mechanism.toUpperCase() as "PLAIN" },
  connectTimeout: deadlines.connectMs,
  requestTimeout: deadlines.requestMs,
  timeout: deadlines.acksMs,
  metadataMaxAge: METADATA_MAX_AGE_MS,
  autocreateTopics: false,
});

/** Ends a client, what it still repeats included. `close` alone waits for a peer that does not read any more. */
const end = async (settings: KafkaSettings, client: Base, closing: () => Promise<void>): Promise<void> => {
  const connections = [...client.connections].map(([, connection]) => connection);
  await within(systemClock, settings.deadlines.closeMs, closing()).catch(() => undefined);
  for (const connection of connections) connection.socket?.destroy();
};

/** A producer that connects with its first send. */
export const openProducer = (settings: KafkaSettings, brokers: readonly string[]): Opened<BytesProducer> => {
  const producer: BytesProducer = new Producer({
    ...clientOptions(settings, brokers),
    idempotent: true,
    compression: settings.compression,
    retries: RETRIES,
    retryDelay: (_client, _operation, attempt) => Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** (attempt - 1)),
  });
  return {
    client: Promise.resolve(producer),
    close: () => end(settings, producer, () => producer.close(true)),
  };
};

/** Asks on a connection of its own, once, and ends it. Rejects with what the client throws. */
export const askOnce = async <T>(
  settings: KafkaSettings,
  brokers: readonly string[],
  ask: (client: Admin) => Promise<T>,
): Promise<T> => {
  const client = new Admin({ ...clientOptions(settings, brokers), retries: 0 });
  try {
    return await ask(client);
  } finally {
    await end(settings, client, () => client.close());
  }
};
