/// <reference path="./kafkajs-insides.d.ts" />
import { late, systemClock, within } from "@spillway/event";
import { logLevel } from "kafkajs";
import broker from "kafkajs/src/broker/index.js";
import errors from "kafkajs/src/errors.js";
import loggers from "kafkajs/src/loggers/index.js";
import connectionPool from "kafkajs/src/network/connectionPool.js";
import error from "kafkajs/src/protocol/error.js";
import definitions from "kafkajs/src/protocol/requests/index.js";
import type { Address } from "./connection.ts";
import { complaintsTo, socketKeeper } from "./kafkajs-client.ts";
import type { KafkaSettings } from "./options.ts";
import { type PartitionBatch, type ProduceAnswer, produceBody, readProduceAnswer } from "./produce-request.ts";

/*
 * One connection to one broker, out of kafkajs's own parts: its Broker connects (TCP, TLS, ApiVersions, SASL and its renewal), its Connection frames and pairs
 * requests with answers. What goes through it is ours. Left out is the rest of kafkajs: the cluster with one metadata for all topics, the retrier, the
 * producer. What is relied on here is held by kafkajs-connection.test.ts, and its version by `prepareKafkajs`.
 */
type Exchange<Answer> = {
  readonly request: { apiKey: number; apiVersion: number; apiName: string; encode(): Promise<unknown> };
  readonly response: { decode(bytes: Buffer): Promise<Answer>; parse(answer: Answer): Promise<Answer> };
};

type KafkajsConnection = { isConnected(): boolean; send<Answer>(exchange: Exchange<Answer>): Promise<Answer> };
type KafkajsBroker = {
  readonly versions: Readonly<Record<number, { readonly maxVersion: number }>>;
  connect(): Promise<void>;
  fetch(request: object): Promise<KafkajsFetched>;
  lookupRequest(apiKey: number, definitions: unknown): (body: object) => Exchange<KafkajsMetadata>;
};
/** What of a record is looked at. */
export type FetchedRecord = {
  readonly offset: string;
  readonly timestamp: string;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | string | undefined>>;
};

type KafkajsFetched = {
  readonly responses: readonly {
    readonly partitions: readonly { readonly messages: readonly FetchedRecord[] }[];
  }[];
};

type KafkajsMetadata = {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly topicMetadata: readonly {
    readonly topicErrorCode: number;
    readonly partitionMetadata: readonly { partitionErrorCode: number; partitionId: number; leader: number }[];
  }[];
};

const Broker = broker as new (options: object) => KafkajsBroker;
const ConnectionPool = connectionPool as new (options: object) => { readonly pool: readonly KafkajsConnection[] };
const { createLogger } = loggers as { createLogger(options: object): object };
const { requests } = definitions as { requests: { readonly Metadata: unknown } };
const { createErrorFromCode } = error as { createErrorFromCode(code: number): Error };
type ErrorName = "KafkaJSConnectionError" | "KafkaJSServerDoesNotSupportApiKey";
const { KafkaJSConnectionError, KafkaJSServerDoesNotSupportApiKey } = errors as Readonly<
  Record<ErrorName, new (text: string) => Error>
>;

const PRODUCE = 0;
const METADATA = 3;
/** From 7 on (Kafka 2.1) it takes zstd; 8 names the records that are refused. */
const PRODUCE_LEAST = 7;
const PRODUCE_BEST = 8;

/** The leader of each partition of a topic; the error that its broker tells where it has none. */
export type TopicLeaders = readonly { readonly partition: number; readonly leader: Address | { code: number } }[];

/** An open connection; every call is one request, and rejects with kafkajs's error. */
export type BrokerConnection = {
  readonly isOpen: boolean;
  produce(batches: readonly PartitionBatch[]): Promise<ProduceAnswer>;
  leaders(topic: string): Promise<TopicLeaders>;
  /** From this offset on, some bytes of them, and what stood before it in its batch; none at the partition's end. */
  fetch(topic: string, partition: number, offset: string): Promise<readonly FetchedRecord[]>;
  /** At once; what is under way on it rejects. */
  close(): void;
};

const LEADER_NOT_AVAILABLE = 5;

const leadersIn = ({ brokers, topicMetadata }: KafkajsMetadata): TopicLeaders => {
  const addresses = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
  const [topic] = topicMetadata;
  if (topic !== undefined && topic.topicErrorCode !== 0) throw createErrorFromCode(topic.topicErrorCode);
  return (topic?.partitionMetadata ?? []).map(({ partitionId, leader, partitionErrorCode }) => ({
    partition: partitionId,
    leader: addresses.get(leader) ?? { code: partitionErrorCode === 0 ? LEADER_NOT_AVAILABLE : partitionErrorCode },
  }));
};

const askLeaders = async (broker: KafkajsBroker, connection: KafkajsConnection, topic: string) => {
  const { request, response } = broker.lookupRequest(
    METADATA,
    requests.Metadata,
  )({
    topics: [topic],
    allowAutoTopicCreation: false,
  });
  // kafkajs's own parse throws the whole answer away for one partition without a leader.
  const parse = async (metadata: KafkajsMetadata) => metadata;
  return leadersIn(await connection.send({ request, response: { decode: response.decode, parse } }));
};

const FETCH_BYTES = 1024 * 1024;
const FETCH_WAIT_MS = 100;

const fetchFrom = async (broker: KafkajsBroker, topic: string, partition: number, offset: string) => {
  const { responses } = await broker.fetch({
    replicaId: -1,
    isolationLevel: 0,
    maxWaitTime: FETCH_WAIT_MS,
    minBytes: 1,
    maxBytes: FETCH_BYTES,
    topics: [{ topic, partitions: [{ partition, fetchOffset: offset, maxBytes: FETCH_BYTES }] }],
  });
  return responses[0]?.partitions[0]?.messages ?? [];
};

const produceWith = (version: number, batches: readonly PartitionBatch[], acksMs: number): Exchange<ProduceAnswer> => {
  const body = produceBody(batches, acksMs);
  return {
    // Of another Encoder kafkajs's looks at these two.
    request: {
      apiKey: PRODUCE,
      apiVersion: version,
      apiName: "Produce",
      encode: async () => ({ buf: body, buffer: body }),
    },
    response: { decode: async (bytes) => readProduceAnswer(bytes, version), parse: async (answer) => answer },
  };
};

const poolOf = ({ connection, deadlines }: KafkaSettings, at: Address, logger: object, socketFactory: unknown) =>
  new ConnectionPool({
    ...at,
    logger,
    socketFactory,
    clientId: connection.clientId,
    ssl: connection.tls ? { ...connection.tls } : null,
    sasl: connection.sasl ?? null,
    connectionTimeout: deadlines.connectMs,
    requestTimeout: deadlines.requestMs,
    // Whoever sends has a deadline of its own; this would be a timer of 100 ms for each connection.
    enforceRequestTimeout: false,
  });

const connected = async (broker: KafkajsBroker, pool: ReturnType<typeof poolOf>, settings: KafkaSettings) => {
  const done = await within(systemClock, settings.deadlines.connectMs, broker.connect());
  if (done === late) throw late;
  const [connection] = pool.pool;
  if (connection === undefined) throw new Error("a pool without a connection");
  return connection;
};

/** The answer, or a rejection when it is cut before. */
const untilCut = <T>(underWay: Set<(error: Error) => void>, work: Promise<T>): Promise<T> => {
  let cut: (error: Error) => void = () => undefined;
  const answered = new Promise<T>((resolve, reject) => {
    cut = reject;
    work.then(resolve, reject);
  });
  underWay.add(cut);
  return answered.finally(() => void underWay.delete(cut));
};

/** Connects, past TLS and SASL, within the deadline. Rejects with kafkajs's error, or with `late`. */
export const openConnection = async (settings: KafkaSettings, at: Address): Promise<BrokerConnection> => {
  const sockets = socketKeeper();
  const logger = createLogger({ level: logLevel.WARN, logCreator: complaintsTo(settings.log) });
  const pool = poolOf(settings, at, logger, sockets.factory);
  const { connectMs, acksMs } = settings.deadlines;
  const broker = new Broker({
    connectionPool: pool,
    logger,
    authenticationTimeout: connectMs,
    allowAutoTopicCreation: false,
  });
  const underWay = new Set<(error: Error) => void>();
  let isClosed = false;
  const close = () => {
    isClosed = true;
    sockets.destroy(new Error("closed"));
    // kafkajs says nothing of a request that was written to a socket which had just ended: it would be under way for ever.
    for (const cut of underWay) cut(new KafkaJSConnectionError("closed"));
  };
  try {
    const connection = await connected(broker, pool, settings);
    const version = Math.min(PRODUCE_BEST, broker.versions[PRODUCE]?.maxVersion ?? 0);
    return {
      get isOpen() {
        return !isClosed && connection.isConnected();
      },
      produce: async (batches) => {
        if (version < PRODUCE_LEAST) throw new KafkaJSServerDoesNotSupportApiKey("Produce is older than version 7");
        return untilCut(underWay, connection.send(produceWith(version, batches, acksMs)));
      },
      leaders: (topic) => askLeaders(broker, connection, topic),
      fetch: (topic, partition, offset) => untilCut(underWay, fetchFrom(broker, topic, partition, offset)),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
};
