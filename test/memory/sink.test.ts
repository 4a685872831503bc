import { systemClock } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { createMemoryWorld } from "@spillway/memory";
import { sinkConformance } from "../conformance/sink.ts";

const BATCH_BYTES_MAX = 100_000;

sinkConformance("memory", async () => {
  const { sink, openSink, topics, outages } = createMemoryWorld({ clock: systemClock, platform, shards: 1 });
  let created = 0;
  return {
    sink,
    openSink,
    openMisledSink: () => {
      const misled = createMemoryWorld({ clock: systemClock, platform, shards: 1 });
      misled.outages.start("kafka", "connection_failed");
      return misled.sink;
    },
    createTopic: async (options) => {
      const topic = `topic-${++created}`;
      topics.create(topic, { ...options, recordBytesMax: BATCH_BYTES_MAX });
      return topic;
    },
    read: async (topic, partition) => {
      const records = topics.get(topic)?.partitions[partition] ?? [];
      return records.map(({ key, value, headers, timestampMs }) => ({
        key,
        value: Buffer.from(value),
        headers,
        timestampMs,
      }));
    },
    batchBytesMax: BATCH_BYTES_MAX,
    stop: async () => outages.start("kafka", "connection_failed"),
    start: async () => outages.end("kafka"),
    freeze: async () => outages.start("kafka", "request_timeout"),
    thaw: async () => outages.end("kafka"),
    close: () => sink.close(),
  };
});
