import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { late, systemClock, within } from "@spillway/event";
import type { Log } from "@spillway/telemetry";
import { type Admin, type ISocketFactory, Kafka, type logCreator, logLevel, type SASLOptions } from "kafkajs";
import { hostOfSeed, seedOf } from "./connection.ts";
import type { KafkaSettings } from "./options.ts";

const KEEP_ALIVE_MS = 60_000;
const SEED_RETRY_MS = 50;

/** The sockets of one client, so that it can be ended: its own `disconnect` waits for a frozen broker. */
export const socketKeeper = () => {
  const sockets = new Set<Socket>();
  const factory: ISocketFactory = ({ host: seed, port, ssl, onConnect }) => {
    const host = hostOfSeed(seed);
    const name = isIP(host) ? {} : { servername: host };
    const socket = ssl ? connectTls({ host, port, ...name, ...ssl }, onConnect) : connectTcp({ host, port }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    return socket;
  };
  const destroy = (error?: Error): void => {
    for (const socket of sockets) socket.destroy(error);
  };
  return { factory, destroy };
};

type Disconnectable = { disconnect(): Promise<void> };

/** Ends a client within the deadline. An error on the socket is what makes kafkajs reject whatever still waits. */
const end = async (settings: KafkaSettings, client: Disconnectable, sockets: ReturnType<typeof socketKeeper>) => {
  const ended = await within(systemClock, settings.deadlines.closeMs, client.disconnect()).catch(() => late);
  sockets.destroy(ended === late ? new Error("closed") : undefined);
};

/** The texts may hold a record; the part of kafkajs that complains is enough to know where to look. */
export const complaintsTo =
  (log: Log): logCreator =>
  () =>
  (entry) =>
    log("debug", "kafka.client_complains", { part: entry.namespace, level: entry.label });

const createKafka = (settings: KafkaSettings, brokers: readonly string[], socketFactory: ISocketFactory): Kafka => {
  const { connection, deadlines, log } = settings;
  return new Kafka({
    clientId: connection.clientId,
    brokers: brokers.map(seedOf),
    ssl: connection.tls ? { ...connection.tls } : undefined,
    sasl: connection.sasl as SASLOptions | undefined,
    connectionTimeout: deadlines.connectMs,
    authenticationTimeout: deadlines.connectMs,
    requestTimeout: deadlines.requestMs,
    enforceRequestTimeout: true,
    // One try of each seed.
    retry: { retries: brokers.length - 1, initialRetryTime: SEED_RETRY_MS, maxRetryTime: SEED_RETRY_MS },
    socketFactory,
    logLevel: logLevel.WARN,
    logCreator: complaintsTo(log),
  });
};

/** Asks on a connection of its own and ends it. Rejects with what kafkajs throws. */
export const askAdmin = async <T>(
  settings: KafkaSettings,
  brokers: readonly string[],
  ask: (admin: Admin) => Promise<T>,
): Promise<T> => {
  const sockets = socketKeeper();
  const admin = createKafka(settings, brokers, sockets.factory).admin();
  try {
    await admin.connect();
    return await ask(admin);
  } finally {
    await end(settings, admin, sockets);
  }
};
