export { provideChromium } from "./browser/chromium.ts";
export { createWriteCache } from "./disk/write-cache.ts";
export { eventually, TooLate } from "./eventually.ts";
export { findGrafana, startGrafana } from "./grafana/grafana.ts";
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
export { type AppCommand, createApp, startApp } from "./process/app.ts";
export { bunBinary } from "./process/bun-binary.ts";
export type { Exit } from "./process/child.ts";
export { type CommandResult, runCommand } from "./process/command.ts";
export { freePort, portNear } from "./process/port.ts";
export { NotReady, type Running, type ServiceOptions } from "./process/service.ts";
export { childrenOf, findProcess, type ProcessEntry } from "./process/table.ts";
export { type PrometheusBinaries, providePrometheus } from "./prometheus/binaries.ts";
export { alertsPage, startAlertmanager, startPrometheus } from "./prometheus/prometheus.ts";
export { NotProvided } from "./provision/refusal.ts";
export type { Say } from "./provision/say.ts";
export { type RedisCluster, startRedisCluster } from "./redis/cluster.ts";
export { askRedis, startRedis } from "./redis/redis.ts";
export { type RedisRest, startRedisRest } from "./redis/rest.ts";
