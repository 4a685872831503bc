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

const placeOf = (name: ServiceName, options: StackServicesOptions) => ({
  port: options.ports[name],
  logFile: options.layout.log(name),
  say: options.say(name),
  onSpawn: (pid: number) => options.onSpawn(name, pid),
});

const noted = <T extends Running>(running: T, name: ServiceName, options: StackServicesOptions): T => {
  options.onRunning(running);
  options.say(name)(`ready on ${running.url}, pid ${running.pid()}`);
  return running;
};

/** Turns what a reachability check throws into one line that names the variable and no part of its value. */
const reach = async (variable: string, check: () => Promise<unknown>): Promise<void> => {
  try {
    await check();
  } catch (cause) {
    const { code, name } = cause as NodeJS.ErrnoException;
    throw new ConfigError([`${variable}: what it names does not answer (${code ?? name})`]);
  }
};

const openRedis = async (options: StackServicesOptions): Promise<string> => {
  const { redisUrl } = options.config;
  if (redisUrl) {
    const [first = redisUrl] = redisUrl.split(",");
    await reach("REDIS_URL", () => askRedis(first, (redis) => redis.ping()));
    options.say("redis")("the one in REDIS_URL");
    return redisUrl;
  }
  const dataDir = options.layout.data("redis");
  const redis = await startRedis({ ...placeOf("redis", options), dataDir, settings: { maxmemory: "1gb" } });
  return noted(redis, "redis", options).url;
};

const openPostgres = async (options: StackServicesOptions): Promise<string> => {
  const { databaseUrl } = options.config;
  if (databaseUrl) {
    await reach("DATABASE_URL", () => answersQueries(databaseUrl));
    options.say("postgres")("the one in DATABASE_URL");
    await runMigrations(databaseUrl);
    return databaseUrl;
  }
  const dataDir = options.layout.data("postgres");
  const { url } = noted(await startPostgres({ ...placeOf("postgres", options), dataDir }), "postgres", options);
  await runMigrations(url);
  return url;
};

const openKafka = async (options: StackServicesOptions): Promise<string> => {
  const { kafkaBrokers, kafkaTopic } = options.config;
  const topics = [{ name: kafkaTopic, partitions: TOPIC_PARTITIONS }];
  if (kafkaBrokers) {
    await reach("KAFKA_BROKERS", () => createTopics(kafkaBrokers.split(","), topics));
    options.say("kafka")("the one in KAFKA_BROKERS");
    return kafkaBrokers;
  }
  const dataDir = options.layout.data("kafka");
  return noted(await startKafka({ ...placeOf("kafka", options), dataDir, topics }), "kafka", options).url;
};

const openRedisRest = async (options: StackServicesOptions, redisUrl: string) => {
  const { redisRest } = options.config;
  if (redisRest) {
    options.say("redis-rest")("the one in UPSTASH_REDIS_REST_URL");
    return redisRest;
  }
  const token = options.secrets.redisRestToken;
  const rest = await startRedisRest({ ...placeOf("redis-rest", options), redisUrl, token });
  return noted(rest, "redis-rest", options);
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
