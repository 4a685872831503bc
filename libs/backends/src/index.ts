export { childEnvironment, searchPath } from "./config.ts";
export { askKafka, createTopics, kafkaClient, type TopicSpec } from "./kafka/admin.ts";
export {
  type Kafka,
  type KafkaCluster,
  type KafkaClusterOptions,
  type KafkaOptions,
  startKafka,
  startKafkaCluster,
} from "./kafka/kafka.ts";
export { answersQueries, startPostgres } from "./postgres/postgres.ts";
export { type AppOptions, createApp, startApp } from "./process/app.ts";
export { bunBinary } from "./process/bun-binary.ts";
export type { Exit } from "./process/child.ts";
export { freePort, portNear } from "./process/port.ts";
export { registerForReaping, unregisterFromReaping } from "./process/reaper.ts";
export { NotReady, type Running, type ServiceOptions } from "./process/service.ts";
export { findProcess, type ProcessEntry } from "./process/table.ts";
export { until } from "./process/until.ts";
export { NotProvided } from "./provision/refusal.ts";
export type { Say } from "./provision/say.ts";
export { type RedisCluster, startRedisCluster } from "./redis/cluster.ts";
export { askRedis, startRedis } from "./redis/redis.ts";
export { type RedisRest, type RedisRestOptions, startRedisRest } from "./redis/rest.ts";
