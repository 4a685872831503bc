export { type Compression, compressions, defaultCompression } from "./compression.ts";
export type { KafkaConnection, KafkaSasl, KafkaTls } from "./connection.ts";
export { createKafkajsSink } from "./kafkajs-sink.ts";
export { type Deadlines, defaultDeadlines, type KafkaLog, type KafkaSinkOptions } from "./options.ts";
export { partitionOf } from "./partition.ts";
export { createPlatformaticSink } from "./platformatic-sink.ts";
export { type TopicRoute, type TopicRoutes, topicFor, topicRoutes } from "./topics.ts";
