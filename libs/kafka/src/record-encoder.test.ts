import { createRequire } from "node:module";
import type { SinkRecord } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { createRandomRecords } from "./random-records.ts";
import { encodeRecords } from "./record-encoder.ts";

type Encoder = { readonly buffer: Buffer; writeEncoderArray(encoders: readonly Encoder[]): Encoder };

const require = createRequire(import.meta.url);
const KafkajsRecord: (fields: object) => Encoder = require("kafkajs/src/protocol/recordBatch/record/v0");
const KafkajsEncoder: new () => Encoder = require("kafkajs/src/protocol/encoder");

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.info(`record-encoder.test.ts SEED=${seed}`);

const plainMessage = ({ key, value, headers, timestampMs }: SinkRecord) => ({
  key,
  value: Buffer.from(value),
  headers,
  timestamp: timestampMs,
});

/** The records as kafkajs itself encodes them. */
const byKafkajs = (records: readonly SinkRecord[]): Buffer => {
  const firstTimestampMs = Math.min(...records.map((record) => record.timestampMs));
  const encoders = records.map((record, offsetDelta) => {
    const { timestamp, ...rest } = plainMessage(record);
    return KafkajsRecord({ ...rest, offsetDelta, timestampDelta: timestamp - firstTimestampMs });
  });
  return new KafkajsEncoder().writeEncoderArray(encoders).buffer;
};

const record = (over: Partial<SinkRecord> = {}): SinkRecord => ({
  key: "k",
  value: Buffer.from("v"),
  headers: { "content-type": "application/cloudevents+json" },
  timestampMs: 1_790_000_000_000,
  ...over,
});

describe("encodeRecords", () => {
  test("gives the same bytes as kafkajs for any records", () => {
    const random = createRandomRecords(seed);
    for (let round = 0; round < 150; round++) {
      const records = Array.from({ length: 1 + random.below(30) }, () => random.record());
      expect(encodeRecords(records).bytes.equals(byKafkajs(records)), `round ${round}`).toBe(true);
    }
  });

  test.each([0, 1, 62, 63, 64, 65, 8_191, 8_192, 70_000])(
    "writes lengths around the edges of a varint: %i",
    (length) => {
      const text = "x".repeat(length);
      const records = [
        record({ key: text, value: Buffer.from(text), headers: { [text]: text, e: `${text.slice(1)}é` } }),
      ];
      expect(encodeRecords(records).bytes.equals(byKafkajs(records))).toBe(true);
    },
  );

  test("writes no key, no headers, an empty value and times weeks apart", () => {
    const records = [
      record({ key: null, headers: {}, value: new Uint8Array(0) }),
      record({ timestampMs: 1_790_000_000_000 - 90 * 86_400_000 }),
      record({ key: "" }),
    ];
    const { bytes, firstTimestampMs, maxTimestampMs, count } = encodeRecords(records);
    expect(bytes.equals(byKafkajs(records))).toBe(true);
    expect([count, firstTimestampMs, maxTimestampMs]).toEqual([3, records[1]!.timestampMs, records[0]!.timestampMs]);
  });

  test("reads a value through its view", () => {
    const memory = Buffer.from("before the value after");
    const records = [record({ value: memory.subarray(7, 16) })];
    expect(encodeRecords(records).bytes.includes("the value")).toBe(true);
    expect(encodeRecords(records).bytes.includes("before")).toBe(false);
  });
});
