import {
  answersQueries,
  askRedis,
  createTopics,
  type Running,
  type Say,
  startKafka,
  startPostgres,
  startRedis,
  startRedisRest,
} from "@spillway/backends";
import { runMigrations } from "@spillway/drizzle";
import { ConfigError } from "@spillway/service";
import type { DevstackConfig } from "./config.ts";
import type { DevEnv, ServiceName } from "./dev-env.ts";
import type { Layout } from "./layout.ts";
import type { Ports } from "./ports.ts";
import type { Secrets } from "./secrets.ts";

const TOPIC_PARTITIONS = 12;

/** Where each service of the stack is reached. */
export type Addresses = Pick<
  DevEnv,
  "REDIS_URL" | "UPSTASH_REDIS_REST_URL" | "UPSTASH_REDIS_REST_TOKEN" | "DATABASE_URL" | "KAFKA_BROKERS"
>;

export type StackServicesOptions = {
  readonly config: DevstackConfig;
  readonly layout: Layout;
  readonly secrets: Secrets;
  readonly ports: Ports;
  readonly say: (name: ServiceName) => Say;
  readonly onSpawn: (name: ServiceName, pid: number) => void;
  /** Told of each service as soon as it runs, so that a stop in the middle of the start reaches it. */
  readonly onRunning: (running: Running) => void;
};

const placeOf = (name: ServiceName, { ports, layout, say, onSpawn }: StackServicesOptions) => ({
  port: ports[name],
  dataDir: layout.data(name),
  logFile: layout.log(name),
  say: say(name),
  onSpawn: (pid: number) => onSpawn(name, pid),
});

const noted = <T extends Running>(running: T, { onRunning, say }: StackServicesOptions): T => {
  onRunning(running);
  say(running.name as ServiceName)(`ready on ${running.url}, pid ${running.pid()}`);
  return running;
};

/** Says that somebody else runs it. Throws one line that names the variable and no part of its value. */
const noteGiven = async (say: Say, variable: string, check: () => Promise<unknown>): Promise<void> => {
  try {
    await check();
  } catch (cause) {
    const { code, name } = cause as NodeJS.ErrnoException;
    throw new ConfigError([`${variable}: what it names does not answer (${code ?? name})`]);
  }
  say(`the one in ${variable}`);
};

const openRedis = async (options: StackServicesOptions): Promise<string> => {
  const { redisUrl } = options.config;
  const place = placeOf("redis", options);
  if (redisUrl === undefined) return noted(await startRedis({ ...place, settings: { maxmemory: "1gb" } }), options).url;
  const [first = redisUrl] = redisUrl.split(",");
  await noteGiven(place.say, "REDIS_URL", () => askRedis(first, (redis) => redis.ping()));
  return redisUrl;
};

const openPostgres = async (options: StackServicesOptions): Promise<string> => {
  const { databaseUrl } = options.config;
  const place = placeOf("postgres", options);
  if (databaseUrl !== undefined) await noteGiven(place.say, "DATABASE_URL", () => answersQueries(databaseUrl));
  const url = databaseUrl ?? noted(await startPostgres(place), options).url;
  await runMigrations(url);
  return url;
};

const openKafka = async (options: StackServicesOptions): Promise<string> => {
  const { kafkaBrokers, kafkaTopic } = options.config;
  const place = placeOf("kafka", options);
  const topics = [{ name: kafkaTopic, partitions: TOPIC_PARTITIONS }];
  if (kafkaBrokers === undefined) return noted(await startKafka({ ...place, topics }), options).url;
  await noteGiven(place.say, "KAFKA_BROKERS", () => createTopics(kafkaBrokers.split(","), topics));
  return kafkaBrokers;
};

const openRedisRest = async (options: StackServicesOptions, redisUrl: string) => {
  const { redisRest } = options.config;
  const place = placeOf("redis-rest", options);
  if (redisRest === undefined)
    return noted(await startRedisRest({ ...place, redisUrl, token: options.secrets.redisRestToken }), options);
  place.say("the one in UPSTASH_REDIS_REST_URL");
  return redisRest;
};

/** Starts what is not configured by URL, all at once. Throws the first failure; what runs by then was told. */
export const startServices = async (options: StackServicesOptions): Promise<Addresses> => {
  const redis = openRedis(options);
  const redisRest = redis.then((url) => openRedisRest(options, url));
  const [REDIS_URL, rest, DATABASE_URL, KAFKA_BROKERS] = await Promise.all([
    redis,
    redisRest,
    openPostgres(options),
    openKafka(options),
  ]);
  return {
    REDIS_URL,
    UPSTASH_REDIS_REST_URL: rest.url,
    UPSTASH_REDIS_REST_TOKEN: rest.token,
    DATABASE_URL,
    KAFKA_BROKERS,
  };
};
