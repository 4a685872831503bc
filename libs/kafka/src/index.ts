// The sinks have entries of their own: loading both clients costs a relay 35 MB for one that it does not use.
export { type Compression, compressions, defaultCompression } from "./compression.ts";
export type { KafkaConnection, KafkaSasl, KafkaTls } from "./connection.ts";
export { type Deadlines, defaultDeadlines, type KafkaLog, type KafkaSinkOptions } from "./options.ts";
export { type TopicRoute, type TopicRoutes, topicFor, topicRoutes } from "./topics.ts";
