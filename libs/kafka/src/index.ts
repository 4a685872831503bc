// The sinks have entries of their own: loading both clients costs a relay 35 MB for one that it does not use.
export { compressions } from "./compression.ts";
export type { KafkaConnection } from "./connection.ts";
export type { KafkaSinkOptions } from "./options.ts";
export { topicFor, topicRoutes } from "./topics.ts";
