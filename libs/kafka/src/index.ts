export { type Compression, compressions, zstdAvailable } from "./compression.ts";
export type { KafkaConnection, KafkaSasl, KafkaTls } from "./connection.ts";
export { type Deadlines, defaultDeadlines, type KafkaLog, type KafkaSinkOptions } from "./options.ts";
export { partitionOf } from "./partition.ts";
export { type TopicRoute, type TopicRoutes, topicFor, topicRoutes } from "./topics.ts";
// createKafkajsSink(options: KafkaSinkOptions): Sink and createPlatformaticSink(options: KafkaSinkOptions): Sink
