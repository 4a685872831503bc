import type { Sink } from "@spillway/event";
import { prepareKafkajs } from "./kafkajs-internals.ts";
import { type KafkaSinkOptions, settingsOf } from "./options.ts";
import { createSink } from "./sink.ts";

/** Publishes through connections of kafkajs under the rules that make it lossless (README). Connects with the first use. */
export const createKafkajsSink = (options: KafkaSinkOptions): Sink => {
  prepareKafkajs();
  return createSink(settingsOf(options));
};
