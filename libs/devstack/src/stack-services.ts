import {
  answersQueries,
  askRedis,
  createTopics,
  type Running,
  type ServiceOptions,
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
import { sayAs } from "./say.ts";
import type { Secrets } from "./secrets.ts";

const TOPIC_PARTITIONS = 12;

/** Where each service of the stack is reached. */
export type Addresses = Pick<
  DevEnv,
  "REDIS_URL" | "UPSTASH_REDIS_REST_URL" | "UPSTASH_REDIS_REST_TOKEN" | "DATABASE_URL" | "KAFKA_BROKERS"
>;

type StackServicesOptions = {
  readonly config: DevstackConfig;
  readonly layout: Layout;
  readonly secrets: Secrets;
  readonly ports: Ports;
  readonly onSpawn: (name: ServiceName, pid: number) => void;
  /** Told of each service as soon as it runs, so that a stop in the middle of the start reaches it. */
  readonly onRunning: (running: Running) => void;
};

type Source = {
  /** Of the environment, and its value: a service that somebody else runs. */
  readonly variable: string;
  readonly given: string | undefined;
  /** Rejects when the given one does not answer. */
  readonly check?: (given: string) => Promise<unknown>;
  /** Starts one when none is given. */
  readonly start: (place: ServiceOptions) => Promise<Running>;
};

/** The URL of a service, given or started. Throws for a given one one line with the variable and no part of its value. */
const open = async (name: ServiceName, options: StackServicesOptions, source: Source): Promise<string> => {
  const { ports, layout, onSpawn, onRunning } = options;
  const { variable, given, check, start } = source;
  const say = sayAs(name);
  if (given === undefined) {
    const place = { port: ports[name], dataDir: layout.data(name), logFile: layout.log(name), say };
    const running = await start({ ...place, onSpawn: (pid) => onSpawn(name, pid) });
    onRunning(running);
    say(`ready on ${running.url}, pid ${running.pid()}`);
    return running.url;
  }
  try {
    await check?.(given);
  } catch (cause) {
    const { code, name } = cause as NodeJS.ErrnoException;
    throw new ConfigError([`${variable}: what it names does not answer (${code ?? name})`]);
  }
  say(`the one in ${variable}`);
  return given;
};

/** Starts what is not configured by URL, all at once. Throws the first failure; what runs by then was told. */
export const startServices = async (options: StackServicesOptions): Promise<Addresses> => {
  const { redisUrl, redisRest, edgeRedisOver, databaseUrl, kafkaBrokers, kafkaTopic } = options.config;
  const token = redisRest?.token ?? options.secrets.redisRestToken;
  const topics = [{ name: kafkaTopic, partitions: TOPIC_PARTITIONS }];
  const redis = open("redis", options, {
    variable: "REDIS_URL",
    given: redisUrl,
    check: (given) => askRedis(given.split(",")[0] ?? given, (redis) => redis.ping()),
    start: (place) => startRedis({ ...place, settings: { maxmemory: "1gb" } }),
  });
  const openRest = (url: string) =>
    open("redis-rest", options, {
      variable: "UPSTASH_REDIS_REST_URL",
      given: redisRest?.url,
      start: (place) => startRedisRest({ ...place, redisUrl: url, token }),
    });
  // Nobody asks one where the edge goes over TCP.
  const rest = redis.then((url) => (edgeRedisOver === "tcp" ? "" : openRest(url)));
  const database = open("postgres", options, {
    variable: "DATABASE_URL",
    given: databaseUrl,
    check: answersQueries,
    start: startPostgres,
  }).then(async (url) => {
    await runMigrations(url);
    return url;
  });
  const kafka = open("kafka", options, {
    variable: "KAFKA_BROKERS",
    given: kafkaBrokers,
    check: (given) => createTopics(given.split(","), topics),
    start: (place) => startKafka({ ...place, topics }),
  });
  const [REDIS_URL, UPSTASH_REDIS_REST_URL, DATABASE_URL, KAFKA_BROKERS] = await Promise.all([
    redis,
    rest,
    database,
    kafka,
  ]);
  return { REDIS_URL, UPSTASH_REDIS_REST_URL, UPSTASH_REDIS_REST_TOKEN: token, DATABASE_URL, KAFKA_BROKERS };
};
