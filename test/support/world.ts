import { fileURLToPath } from "node:url";
import {
  type Kafka,
  type KafkaCluster,
  type KafkaClusterOptions,
  type KafkaOptions,
  type RedisRest,
  type Running,
  type ServiceOptions,
  startApp,
  startKafka,
  startKafkaCluster,
  startPostgres,
  startRedis,
  startRedisCluster,
  startRedisRest,
} from "@spillway/backends";
import { runMigrations } from "@spillway/drizzle";
import { createPostgresInstallation } from "@spillway/outbox";
import { openDatabase } from "@spillway/postgres";
import { connectRedis, createRedisInstallation } from "@spillway/stream";
import postgres from "postgres";
import { openShards } from "../stream/services.ts";
import { appOn, type ProcessRuntime } from "./runtimes.ts";
import { type Replicated, type Standby, startReplicatedPostgres, startReplicatedRedis } from "./standby.ts";
import { readTopic, type TopicRecord } from "./topic.ts";

export const entryOf = (app: string) => fileURLToPath(new URL(`../../apps/${app}/src/main.bun.ts`, import.meta.url));

/** What the edges and the relays of a suite run on: `RELAY_ON=node npm run faults`. */
const runtimeOf = (app: "edge" | "relay"): ProcessRuntime => {
  const given = process.env[`${app.toUpperCase()}_ON`] ?? "bun";
  if (given === "bun" || given === "node" || given === "deno") return given;
  throw new Error(`${app.toUpperCase()}_ON is ${given}; it may be bun, node or deno`);
};
const commandOf = (app: "edge" | "relay") => () => appOn(app, runtimeOf(app));

const PRODUCER = "test";
export const KEY = "key-of-the-tests";
export const API_KEY = `${PRODUCER}:${KEY}`;
/** Of an event that names no source of its own. */
export const DEFAULT_SOURCE = `/${PRODUCER}`;
export const REST_TOKEN = "token-of-the-tests";

/** The real services that several pipelines share. */
export type Services = {
  readonly redis: Running;
  readonly rest: RedisRest;
  readonly postgres: Running;
  readonly kafka: Kafka;
  /** The nodes behind `redis` and `kafka`, one each where these are no clusters; the first Redis nodes are masters. */
  readonly nodes: { readonly redis: readonly Running[]; readonly kafka: readonly Running[] };
  /** What follows `redis` or `postgres`, where something does. */
  readonly standby: Standby | null;
  stop(): Promise<void>;
};

export type ServicesOptions = {
  readonly redis?: ServiceOptions;
  readonly postgres?: ServiceOptions;
  readonly kafka?: KafkaOptions;
  /** Three brokers that are one Kafka, in place of one. */
  readonly brokers?: KafkaClusterOptions;
  /** Which of them has a standby. */
  readonly standby?: "redis" | "postgres";
};

const withRest = async (services: Omit<Services, "rest" | "stop">): Promise<Services> => {
  const { redis, postgres, kafka } = services;
  const rest = await startRedisRest({ redisUrl: redis.url, token: REST_TOKEN });
  const stop = async () => void (await Promise.all([rest, redis, postgres, kafka].map((service) => service.stop())));
  return { ...services, rest, stop };
};

/** Three brokers as one service: the first node's handle, with all brokers' addresses, and it stops all. */
const startBrokers = async (options: KafkaClusterOptions): Promise<Kafka & KafkaCluster> => {
  const cluster = await startKafkaCluster(options);
  return { ...(cluster.nodes[0] as Running), ...cluster };
};

const startBroker = async (options?: KafkaOptions): Promise<Kafka & KafkaCluster> => {
  const kafka = await startKafka(options);
  return { ...kafka, nodes: [kafka] };
};

const alone = async (starts: Promise<Running>): Promise<Omit<Replicated, "standby"> & { standby: null }> => ({
  master: await starts,
  standby: null,
});

export const startServices = async (options: ServicesOptions = {}): Promise<Services> => {
  const startsKafka = options.brokers === undefined ? startBroker(options.kafka) : startBrokers(options.brokers);
  const startsRedis = options.standby === "redis" ? startReplicatedRedis() : alone(startRedis(options.redis));
  const startsPostgres =
    options.standby === "postgres" ? startReplicatedPostgres() : alone(startPostgres(options.postgres));
  const starts = [startsRedis, startsPostgres, startsKafka] as const;
  const [redis, postgres, kafka] = await Promise.all(starts);
  return withRest({
    redis: redis.master,
    postgres: postgres.master,
    kafka,
    nodes: { redis: [redis.master], kafka: kafka.nodes },
    standby: redis.standby ?? postgres.standby,
  });
};

/**
 * What users outgrow one machine with: a Redis Cluster of three masters and three replicas, a Kafka of three brokers. Each
 * is as one service: its first node's handle, with all nodes' URLs, and it stops all.
 */
export const startClusterServices = async (): Promise<Services> => {
  const starts = [startRedisCluster(), startPostgres(), startBrokers({})] as const;
  const [{ nodes, urls, stop }, postgres, kafka] = await Promise.all(starts);
  return withRest({
    redis: { ...(nodes[0] as Running), url: urls.join(","), stop },
    postgres,
    kafka,
    nodes: { redis: nodes, kafka: kafka.nodes },
    standby: null,
  });
};

/** Where a pipeline's processes find the services; a test may put a proxy in between. */
type Addresses = {
  readonly restUrl: string;
  readonly redisUrl: string;
  /** Which of both an edge takes; HTTP unless given. */
  readonly edgeOver?: "http" | "tcp";
  readonly databaseUrl: string;
  readonly brokers: readonly string[];
};

export type PipelineOptions = {
  readonly edges?: number;
  readonly relays?: number;
  readonly edgeEnv?: Readonly<Record<string, string>>;
  readonly relayEnv?: Readonly<Record<string, string>>;
  readonly partitions?: number;
  readonly topicSettings?: Readonly<Record<string, string>>;
  /** Addresses for the edge and for the relay; by default the services' own. */
  readonly edgeAddresses?: (own: Addresses, edge: number) => Addresses;
  readonly relayAddresses?: (own: Addresses) => Addresses;
};

/** One whole Spillway: its own topic, database and namespace on shared services. */
export type Pipeline = {
  readonly name: string;
  readonly topic: string;
  readonly addresses: Addresses;
  readonly edges: readonly Running[];
  readonly relays: readonly Running[];
  /** Both. */
  readonly apps: readonly Running[];
  /** POST to the first edge with the tests' key. */
  post(body: BodyInit, headers?: Readonly<Record<string, string>>, path?: string): Promise<Response>;
  read(): Promise<TopicRecord[]>;
  sql: postgres.Sql;
  stop(): Promise<void>;
};

let pipelines = 0;

/** An own database with our tables; answers its URL. */
export const createDatabase = async (services: Services, name: string): Promise<string> => {
  const admin = postgres(services.postgres.url, { max: 1, onnotice: () => undefined });
  await admin.unsafe(`CREATE DATABASE ${name}`);
  await admin.end();
  const url = new URL(services.postgres.url);
  url.pathname = `/${name}`;
  await runMigrations(url.href);
  return url.href;
};

const redisEnv = ({ edgeOver, redisUrl, restUrl }: Addresses): Readonly<Record<string, string>> =>
  edgeOver === "tcp"
    ? { REDIS_URL: redisUrl }
    : { UPSTASH_REDIS_REST_URL: restUrl, UPSTASH_REDIS_REST_TOKEN: REST_TOKEN };

export const startEdge = (
  name: string,
  at: Addresses,
  env: Readonly<Record<string, string>>,
  entry: Parameters<typeof startApp>[0]["entry"] = commandOf("edge"),
): Promise<Running> =>
  startApp({
    name: "edge",
    entry,
    env: {
      API_KEYS: API_KEY,
      ...redisEnv(at),
      DATABASE_URL: at.databaseUrl,
      NAMESPACE: name,
      // No balancer asks.
      STOP_DELAY_MS: "300",
      ...env,
    },
  });

const startRelay = (name: string, at: Addresses, env: Readonly<Record<string, string>>): Promise<Running> =>
  startApp({
    name: "relay",
    entry: commandOf("relay"),
    env: {
      REDIS_URL: at.redisUrl,
      DATABASE_URL: at.databaseUrl,
      KAFKA_BROKERS: at.brokers.join(","),
      KAFKA_TOPIC: name,
      NAMESPACE: name,
      ...env,
    },
  });

/**
 * As the first relay does it, and the owners of its shards, which find nothing to drain: so edges may be asked at once, and without a
 * relay; again after Redis was emptied.
 */
export const found = async (
  namespace: string,
  { redisUrl, databaseUrl }: Pick<Addresses, "redisUrl" | "databaseUrl">,
  shards: number,
): Promise<void> => {
  const database = openDatabase({ url: databaseUrl });
  const redis = connectRedis({ url: redisUrl });
  const installation = { id: `of-${namespace}`, namespace, shards };
  const keepers = [createPostgresInstallation({ database }), createRedisInstallation(redis.transport, namespace)];
  for (const keeper of keepers) await keeper.record(installation, 10_000);
  await openShards(redis, namespace, shards);
  redis.close();
  await database.close();
};

const times = <T>(count: number, start: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => start(n)));

export const startPipeline = async (services: Services, options: PipelineOptions = {}): Promise<Pipeline> => {
  const name = `t${process.pid}_${++pipelines}`;
  const addresses: Addresses = {
    restUrl: services.rest.url,
    redisUrl: services.redis.url,
    databaseUrl: await createDatabase(services, name),
    brokers: services.kafka.brokers,
  };
  await services.kafka.createTopics([{ name, partitions: options.partitions ?? 4, settings: options.topicSettings }]);
  await found(name, addresses, Number(options.edgeEnv?.SHARDS ?? 4));
  const edgeAt = (n: number) => options.edgeAddresses?.(addresses, n) ?? addresses;
  const relayAt = options.relayAddresses?.(addresses) ?? addresses;
  const edges = await times(options.edges ?? 1, (n) => startEdge(name, edgeAt(n), options.edgeEnv ?? {}));
  const relays = await times(options.relays ?? 1, () => startRelay(name, relayAt, options.relayEnv ?? {}));
  const apps = [...edges, ...relays];
  const sql = postgres(addresses.databaseUrl, { max: 2, onnotice: () => undefined });
  return {
    name,
    topic: name,
    addresses,
    edges,
    relays,
    apps,
    sql,
    post: (body, headers = { "content-type": "application/json" }, path = "/v1/events") =>
      fetch(`${edges[0]?.url}${path}`, {
        method: "POST",
        body,
        headers: { authorization: `Bearer ${KEY}`, ...headers },
      }),
    read: () => readTopic(addresses.brokers, name),
    stop: async () => {
      await Promise.all(apps.map((app) => app.stop()));
      await sql.end({ timeout: 1 });
    },
  };
};
