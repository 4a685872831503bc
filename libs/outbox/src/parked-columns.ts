import { epochMs } from "@spillway/postgres";

/** Of a `ParkedTopic`. */
export const parkedColumns = [
  "shard, topic, code",
  `${epochMs("since")} as "sinceMs"`,
  ...["token", "events", "bytes", "died"].map((name) => `${name}::float8`),
].join(", ");
