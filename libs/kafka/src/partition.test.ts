import { createRequire } from "node:module";
import { compatibilityPartitioner, type MessageToProduce } from "@platformatic/kafka";
import { partitionOf } from "@spillway/event";
import { Partitioners } from "kafkajs";
import { describe, expect, test } from "vitest";
import { createRandomRecords } from "./random-records.ts";

const require = createRequire(import.meta.url);
const kafkajsMurmur2: (key: string) => number = require("kafkajs/src/producer/partitioners/default/murmur2");

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.info(`partition.test.ts SEED=${seed}`);

/** More partitions than a broker has: nearly the whole hash shows. */
const MANY = 2 ** 31 - 1;

const partitionsOf = (count: number) =>
  Array.from({ length: count }, (_, partitionId) => ({
    partitionId,
    leader: 1,
    replicas: [1],
    isr: [1],
    partitionErrorCode: 0,
  }));

describe("partitionOf", () => {
  // UtilsTest.java of Apache Kafka.
  test.each([
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
    ["abc", 479470107],
  ])("agrees with Kafka's own test vector for %s", (key, hash) => {
    expect(partitionOf(key, MANY)).toBe((hash & 0x7fffffff) % MANY);
  });

  test.each(["", "é", "漢字", "🦊", "Zoë/ø", "\ud800"])("hashes UTF-8, not UTF-16: %s", (key) => {
    for (const longer of [key, key.repeat(5_000)]) {
      expect(partitionOf(longer, MANY)).toBe((kafkajsMurmur2(longer) & 0x7fffffff) % MANY);
    }
  });

  test("agrees with kafkajs and with the Java-compatible partitioner of @platformatic/kafka for any key", () => {
    const random = createRandomRecords(seed);
    const partitioner = Partitioners.DefaultPartitioner();
    for (let i = 0; i < 5_000; i++) {
      const key = random.text(40);
      const count = 1 + random.below(64);
      const message = { topic: "t", value: "" } as MessageToProduce<string, string, string, string>;
      const kafkajs = partitioner({ topic: "t", partitionMetadata: partitionsOf(count), message: { key, value: "" } });
      const platformatic = compatibilityPartitioner(message, Buffer.from(key)) % count;
      expect([partitionOf(key, count), key]).toEqual([kafkajs, key]);
      expect([partitionOf(key, count), key]).toEqual([platformatic, key]);
    }
  });
});
