import { createRequire } from "node:module";
import type { SinkRecord } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { encodedMessages } from "./kafkajs-messages.ts";
import { createRandomRecords } from "./random-records.ts";
import { encodeRecords } from "./record-encoder.ts";

type Encoder = { readonly buffer: Buffer; writeEncoderArray(encoders: readonly Encoder[]): Encoder };
type Request = { encode(): Promise<Encoder> };

const require = createRequire(import.meta.url);
const KafkajsRecord: (fields: object) => Encoder = require("kafkajs/src/protocol/recordBatch/record/v0");
const KafkajsEncoder: new () => Encoder = require("kafkajs/src/protocol/encoder");
const produceV7: (fields: object) => Request = require("kafkajs/src/protocol/requests/produce/v7/request");
const groupMessagesPerPartition: (fields: object) => object = require("kafkajs/src/producer/groupMessagesPerPartition");

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

const produceRequest = async (messages: unknown): Promise<Buffer> => {
  const partitions = [{ partition: 3, messages }];
  const encoder = await produceV7({ acks: -1, timeout: 12_000, topicData: [{ topic: "orders", partitions }] }).encode();
  return encoder.buffer;
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

describe("encodedMessages", () => {
  test("make the same Produce request as plain messages do", async () => {
    const random = createRandomRecords(seed);
    for (let round = 0; round < 20; round++) {
      // kafkajs takes the wrong ends of timestamps of unequal length, so these have equal ones.
      const records = Array.from({ length: 1 + random.below(50) }, () => ({
        ...random.record(),
        timestampMs: 1_790_000_000_000 + random.below(1_000_000),
      }));
      const theirs = await produceRequest(records.map(plainMessage));
      const ours = await produceRequest(encodedMessages(3, records));
      expect(ours.equals(theirs), `round ${round}`).toBe(true);
    }
  });

  test("carry the earliest and the latest time where kafkajs' own sort as text goes wrong", async () => {
    const records = [record({ timestampMs: 999 }), record({ timestampMs: 1_000 })];
    const request = await produceRequest(encodedMessages(3, records));
    const times = Buffer.alloc(16);
    times.writeBigInt64BE(999n, 0);
    times.writeBigInt64BE(1_000n, 8);
    expect(request.includes(times)).toBe(true);
  });

  test("are grouped under their partition as they are, without a copy", () => {
    const messages = encodedMessages(3, [record(), record()]);
    const partitioner = () => {
      throw new Error("the partition is given");
    };
    const grouped = groupMessagesPerPartition({ topic: "orders", partitionMetadata: [{}], messages, partitioner });
    expect(grouped).toEqual({ 3: messages });
    expect(messages).toHaveLength(2);
  });
});
