import { type Kafka, startKafka } from "@spillway/backends";
import { partitionOf } from "@spillway/event";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTopic } from "./fresh-topic.ts";
import { produceKeys, readPartition } from "./kcat.ts";

const PARTITIONS = 12;
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

let kafka: Kafka;
beforeAll(async () => {
  kafka = await startKafka();
});
afterAll(() => kafka?.stop());

test("a key lands where librdkafka, told to do as Java, puts it", async () => {
  console.info(`partitioner.test.ts SEED=${seed}`);
  const key = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).filter((text) => !/[\s:]/.test(text));
  const keys = [...new Set(fc.sample(key, { seed, numRuns: 2_000 }))];
  const topic = await createTopic(kafka, { partitions: PARTITIONS });
  await produceKeys(kafka.brokers, topic, keys);
  const placed = await Promise.all(
    Array.from({ length: PARTITIONS }, (_, partition) => readPartition(kafka.brokers, topic, partition)),
  );
  const theirs = new Map(placed.flatMap((records, partition) => records.map((record) => [record.key, partition])));
  expect(theirs.size).toBe(keys.length);
  expect(keys.filter((each) => partitionOf(each, PARTITIONS) !== theirs.get(each))).toEqual([]);
});
