import { type Kafka, startKafka } from "@spillway/backends";
import type { SinkRecord } from "@spillway/event";
import { compressions } from "@spillway/kafka";
import { createKafkajsSink } from "@spillway/kafka/kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTopic } from "./fresh-topic.ts";
import { readPartition } from "./kcat.ts";

let kafka: Kafka;
beforeAll(async () => {
  kafka = await startKafka();
});
afterAll(() => kafka?.stop());

test.each(compressions)("librdkafka reads what is written with compression %s", async (compression) => {
  const topic = await createTopic(kafka, { partitions: 1 });
  const sink = createKafkajsSink({ connection: { brokers: kafka.brokers, clientId: "spillway-test" }, compression });
  const records = Array.from(
    { length: 300 },
    (_, i): SinkRecord => ({
      key: `key-${i}`,
      value: Buffer.from(`the same words again and again ${i}`),
      headers: { n: String(i) },
      timestampMs: Date.now(),
    }),
  );
  expect(await sink.publish(topic, 0, records, () => true)).toEqual({ kind: "ok" });
  expect(await readPartition(kafka.brokers, topic, 0)).toEqual(records);
  await sink.close();
});
