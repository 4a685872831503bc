import { type Kafka, startKafka } from "@spillway/backends";
import type { SinkRecord } from "@spillway/event";
import { compressions } from "@spillway/kafka";
import { createKafkajsSink } from "@spillway/kafka/kafkajs";
import { createPlatformaticSink } from "@spillway/kafka/platformatic";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTopic } from "./fresh-topic.ts";
import { readPartition } from "./kcat.ts";

let kafka: Kafka;
beforeAll(async () => {
  kafka = await startKafka();
});
afterAll(() => kafka?.stop());

const cases = compressions.flatMap((compression) => [
  ["kafkajs", compression, createKafkajsSink] as const,
  ["platformatic", compression, createPlatformaticSink] as const,
]);

test.each(cases)("librdkafka reads what %s writes with compression %s", async (_name, compression, createSink) => {
  const topic = await createTopic(kafka, { partitions: 1 });
  const sink = createSink({ connection: { brokers: kafka.brokers, clientId: "spillway-test" }, compression });
  const records = Array.from(
    { length: 300 },
    (_, i): SinkRecord => ({
      key: `key-${i}`,
      value: Buffer.from(`the same words again and again ${i}`),
      headers: { n: String(i) },
      timestampMs: Date.now(),
    }),
  );
  expect(await sink.publish(topic, 0, records)).toEqual({ kind: "ok" });
  expect(await readPartition(kafka.brokers, topic, 0)).toEqual(records);
  await sink.close();
});
