import { existsSync, readFileSync } from "node:fs";
import { type Kafka, startKafka } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import type { Sink } from "@spillway/event";
import type { KafkaSinkOptions } from "@spillway/kafka";
import type { SinkUnderTest } from "../conformance/sink.ts";
import { createTopic } from "./fresh-topic.ts";
import { readPartition } from "./kcat.ts";
import { withMisleadingListener } from "./misleading-listener.ts";

/** Short, so that a frozen broker costs a test seconds; the order between them is that of the defaults. */
export const shortDeadlines = { connectMs: 1_500, acksMs: 2_000, requestMs: 2_500, publishMs: 4_000, closeMs: 1_500 };

/** What a topic of the conformance suite takes at once. */
const BATCH_BYTES_MAX = 100_000;

/** Whether a process is under SIGSTOP; a small Debian has no `ps`, and a Mac no /proc. */
const isStopped = (pid: number | undefined): boolean => {
  const file = `/proc/${pid}/stat`;
  if (existsSync(file)) return /\) T /.test(readFileSync(file, "utf8"));
  return Bun.spawnSync(["ps", "-o", "stat=", "-p", String(pid)])
    .stdout.toString()
    .startsWith("T");
};

/** SIGSTOP is pending until one of the broker's threads is given the processor; until then the others answer. */
const freeze = async (kafka: Kafka): Promise<void> => {
  await kafka.kill("SIGSTOP");
  await eventually("the broker to stand still", () => isStopped(kafka.pid()));
};

type CreateSink = (options: KafkaSinkOptions) => Sink;

/** A sink on a broker of its own. */
export const sinkOnBroker = async (createSink: CreateSink): Promise<SinkUnderTest> => {
  const { misleading, ...options } = await withMisleadingListener();
  const kafka = await startKafka(options);
  const openSink = (brokers = kafka.brokers) =>
    createSink({ connection: { brokers, clientId: "spillway-test" }, deadlines: shortDeadlines });
  const sink = openSink();
  return {
    sink,
    openSink: () => openSink(),
    openMisledSink: () => openSink([misleading]),
    createTopic: ({ partitions, compacted = false, beforeMsMax }) =>
      createTopic(kafka, {
        partitions,
        settings: {
          "max.message.bytes": String(BATCH_BYTES_MAX),
          "cleanup.policy": compacted ? "compact" : "delete",
          ...(beforeMsMax === undefined ? {} : { "message.timestamp.before.max.ms": String(beforeMsMax) }),
        },
      }),
    read: (topic, partition) => readPartition(kafka.brokers, topic, partition),
    batchBytesMax: BATCH_BYTES_MAX,
    stop: () => kafka.kill("SIGKILL"),
    start: () => kafka.restart(),
    freeze: () => freeze(kafka),
    thaw: () => kafka.kill("SIGCONT"),
    close: async () => {
      await sink.close();
      await kafka.stop();
    },
  };
};
