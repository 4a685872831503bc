// The sink has an entry of its own: who only reads routes loads no client.
export { compressions } from "./compression.ts";
export type { KafkaConnection } from "./connection.ts";
export type { KafkaSinkOptions } from "./options.ts";
export { topicFor, topicRoutes } from "./topics.ts";
