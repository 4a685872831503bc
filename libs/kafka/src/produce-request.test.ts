import { createRequire } from "node:module";
import type { SinkRecord } from "@spillway/event";
import { beforeAll, describe, expect, test } from "vitest";
import type { Compression } from "./compression.ts";
import { prepareKafkajs } from "./kafkajs-internals.ts";
import { produceBody, readProduceAnswer } from "./produce-request.ts";
import { createRandomRecords } from "./random-records.ts";
import { encodeBatch } from "./record-batch.ts";

type Encoder = {
  readonly buffer: Buffer;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeInt64(value: number): Encoder;
  writeString(value: string | null): Encoder;
};

const require = createRequire(import.meta.url);
const produceV7: (fields: object) => { encode(): Promise<Encoder> } =
  require("kafkajs/src/protocol/requests/produce/v7/request");
const KafkajsEncoder: new () => Encoder = require("kafkajs/src/protocol/encoder");
const { decode: decodeV7 }: { decode(bytes: Buffer): Promise<object> } =
  require("kafkajs/src/protocol/requests/produce/v7/response");

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.info(`produce-request.test.ts SEED=${seed}`);

const codecs: Readonly<Record<Compression, number>> = { none: 0, gzip: 1, zstd: 4 };

const byKafkajs = async (topics: ReadonlyMap<string, readonly (readonly SinkRecord[])[]>, wanted: Compression) => {
  const topicData = [...topics].map(([topic, partitions]) => ({
    topic,
    partitions: partitions.map((records, partition) => ({
      partition,
      messages: records.map(({ key, value, headers, timestampMs }) => ({
        key,
        value: Buffer.from(value),
        headers,
        timestamp: timestampMs,
      })),
    })),
  }));
  return (await produceV7({ acks: -1, timeout: 12_000, compression: codecs[wanted], topicData }).encode()).buffer;
};

const byUs = async (topics: ReadonlyMap<string, readonly (readonly SinkRecord[])[]>, wanted: Compression) => {
  const batches = [...topics].flatMap(([topic, partitions]) =>
    partitions.map(async (records, partition) => ({ topic, partition, batch: await encodeBatch(records, wanted) })),
  );
  return produceBody(await Promise.all(batches), 12_000);
};

describe("a Produce request", () => {
  beforeAll(() => prepareKafkajs());

  test.each(["none", "gzip", "zstd"] as const)(
    "of many partitions and topics has kafkajs's bytes, with %s",
    async (wanted) => {
      const random = createRandomRecords(seed);
      // kafkajs sorts timestamps as text, so theirs have one length; and what is short is not compressed here.
      const records = (count: number) =>
        Array.from({ length: count }, () => ({
          ...random.record(),
          value: Buffer.alloc(1_024 + random.below(500), random.below(256)),
          timestampMs: 1_790_000_000_000 + random.below(1_000_000),
        }));
      const topics = new Map([
        ["orders", [records(1), records(1 + random.below(30)), records(2)]],
        ["käufe", [records(1 + random.below(30))]],
      ]);
      expect((await byUs(topics, wanted)).equals(await byKafkajs(topics, wanted))).toBe(true);
    },
  );

  test("carries the earliest and the latest time where kafkajs's own sort as text goes wrong", async () => {
    const record = (timestampMs: number): SinkRecord => ({
      key: null,
      value: Buffer.from("v"),
      headers: {},
      timestampMs,
    });
    const batch = await encodeBatch([record(1_000), record(999)], "none");
    expect([batch.readBigInt64BE(27), batch.readBigInt64BE(35)]).toEqual([999n, 1_000n]);
  });

  test("does not compress what a compression makes no cheaper", async () => {
    const record = { key: null, value: Buffer.alloc(300), headers: {}, timestampMs: 1 };
    expect((await encodeBatch([record], "zstd")).readInt16BE(21)).toBe(codecs.none);
    expect((await encodeBatch(Array(4).fill(record), "zstd")).readInt16BE(21)).toBe(codecs.zstd);
  });
});

const partitionAnswer = (into: Encoder, partition: number, errorCode: number, offset: number): Encoder =>
  into.writeInt32(partition).writeInt16(errorCode).writeInt64(offset).writeInt64(-1).writeInt64(0);

describe("the answer to a Produce request", () => {
  const answer = (): Buffer => {
    const written = new KafkajsEncoder().writeInt32(2);
    partitionAnswer(written.writeString("orders").writeInt32(2), 3, 0, 17);
    partitionAnswer(written, 4, 6, -1);
    return partitionAnswer(written.writeString("users").writeInt32(1), 0, 0, 2 ** 40).writeInt32(250).buffer;
  };

  test("has a word for each partition, whatever the others say, as kafkajs decodes it", async () => {
    const { partitions, throttleMs } = readProduceAnswer(answer(), 7);
    expect(partitions).toEqual([
      { topic: "orders", partition: 3, errorCode: 0, baseOffset: 17n, refused: [] },
      { topic: "orders", partition: 4, errorCode: 6, baseOffset: -1n, refused: [] },
      { topic: "users", partition: 0, errorCode: 0, baseOffset: 2n ** 40n, refused: [] },
    ]);
    expect(await decodeV7(answer())).toMatchObject({ clientSideThrottleTime: throttleMs });
  });

  test("names the refused records from version 8 on", () => {
    const written = new KafkajsEncoder().writeInt32(1);
    partitionAnswer(written.writeString("orders").writeInt32(1), 3, 87, -1);
    written.writeInt32(2).writeInt32(5).writeString("no key").writeInt32(9).writeString(null).writeString("refused");
    const { partitions } = readProduceAnswer(written.writeInt32(0).buffer, 8);
    expect(partitions).toMatchObject([{ errorCode: 87, refused: [5, 9] }]);
  });

  test.each([1, 5, 9, 30, 60])("is none when %i bytes of it are missing", (missing) => {
    const whole = answer();
    expect(() => readProduceAnswer(whole.subarray(0, whole.length - missing), 7)).toThrow(RangeError);
  });
});
