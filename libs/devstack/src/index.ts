export { type App, type AppOptions, startApp } from "./app.ts";
export type { Exit } from "./child.ts";
export {
  type Kafka,
  type KafkaCluster,
  type KafkaClusterOptions,
  type KafkaOptions,
  startKafka,
  startKafkaCluster,
} from "./kafka.ts";
export type { TopicSpec } from "./kafka-admin.ts";
export { freePort } from "./port.ts";
export { type PostgresOptions, startPostgres } from "./postgres.ts";
export { NotProvided } from "./provision/refusal.ts";
export { type RedisOptions, startRedis } from "./redis.ts";
export { type RedisCluster, startRedisCluster } from "./redis-cluster.ts";
export { type RedisRest, type RedisRestOptions, startRedisRest } from "./redis-rest.ts";
export type { Running } from "./service.ts";
