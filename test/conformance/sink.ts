import { eventually } from "@spillway/backends/eventually";
import type { Outcome, Sink, SinkRecord } from "@spillway/event";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** A record as a reader finds it that shares no code with the sink. */
export type ReadRecord = {
  readonly key: string | null;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly timestampMs: number;
};

/** A sink and what stands behind it, so that a test can look at it and break it. */
export type SinkUnderTest = {
  readonly sink: Sink;
  /** Another one on the same backend. */
  openSink(): Sink;
  /** One whose backend answers where it is asked first, and says that it is found where nobody is. */
  openMisledSink(): Sink;
  /** A new topic; a compacted one refuses records without a key, and one may refuse times that are too old. */
  createTopic(options: {
    readonly partitions: number;
    readonly compacted?: boolean;
    readonly beforeMsMax?: number;
  }): Promise<string>;
  /** All of a partition, in order. */
  read(topic: string, partition: number): Promise<readonly ReadRecord[]>;
  /** What a topic takes at once, in bytes that cannot be compressed. */
  readonly batchBytesMax: number;
  /** The backend is gone, and comes back with its data. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** The backend is there and answers nothing. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  close(): Promise<void>;
};

const HOUR_MS = 3_600_000;

/* The codes stand in full: operators look for them, and an adapter with names of its own would pass every other test. */
const tooLarge = { kind: "fatal", code: "message_too_large", deadLetterClass: "oversize" };
const notEncoded = { kind: "fatal", code: "record_not_encoded", deadLetterClass: "poison" };
const rejected = { kind: "fatal", code: "invalid_record", deadLetterClass: "rejected" };

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const record = (over: Partial<SinkRecord> = {}): SinkRecord => ({
  key: "customer-1",
  value: text("{}"),
  headers: { "content-type": "application/cloudevents+json" },
  timestampMs: Date.now(),
  ...over,
});

const numbered = (from: number, count: number, key: string | null = "customer-1"): SinkRecord[] =>
  Array.from({ length: count }, (_, i) => record({ key, value: text(String(from + i)) }));

const numbersIn = (records: readonly ReadRecord[]): number[] => records.map(({ value }) => Number(value.toString()));

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Bytes that no compression makes fewer. */
const noise = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
};

const asRead = ({ key, value, headers, timestampMs }: SinkRecord): ReadRecord => ({
  key,
  value: Buffer.from(value),
  headers,
  timestampMs,
});

const wellFormed = (maxLength: number) => fc.string({ unit: "grapheme", maxLength });

const anyRecord = (nowMs: number): fc.Arbitrary<SinkRecord> =>
  fc.record({
    key: fc.option(wellFormed(40)),
    value: fc.uint8Array({ maxLength: 400 }),
    headers: fc.dictionary(
      fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 20 }),
      wellFormed(80).filter((value) => value !== ""),
      { maxKeys: 4, noNullPrototype: true },
    ),
    timestampMs: fc.integer({ min: nowMs - 30 * 24 * HOUR_MS, max: nowMs }),
  });

/** What every sink promises. Runs against its real backend. */
export const sinkConformance = (name: string, make: () => Promise<SinkUnderTest>): void => {
  describe(`${name} as a sink`, () => {
    let it: SinkUnderTest;
    beforeAll(async () => {
      console.info(`sink conformance of ${name} SEED=${seed}`);
      it = await make();
    });
    afterAll(() => it?.close());

    const publish = (topic: string, records: readonly SinkRecord[], partition = 0): Promise<Outcome> =>
      it.sink.publish(topic, partition, records, () => true);
    const publishUntilOk = (topic: string, records: readonly SinkRecord[]) =>
      eventually("a confirmed publish", async () => (await publish(topic, records)).kind === "ok");

    test("delivers key, value, headers and time byte for byte", async () => {
      const topic = await it.createTopic({ partitions: 1 });
      const sent: SinkRecord[] = [
        record({ value: Uint8Array.from({ length: 256 }, (_, byte) => byte) }),
        record({ key: null, headers: {} }),
        record({ key: "", value: text("") }),
        record({ key: "Zoë/漢字/🦊", headers: { traceparent: "00-ab-cd-01", naïve: "Zoë 漢字 🦊" } }),
        record({ value: Buffer.from("xx[1e400,9007199254740993]xx").subarray(2, -2) }),
      ];
      expect(await publish(topic, sent)).toEqual({ kind: "ok" });
      expect(await it.read(topic, 0)).toEqual(sent.map(asRead));
    });

    test("delivers any records byte for byte", async () => {
      const topic = await it.createTopic({ partitions: 1 });
      const batches = fc.sample(fc.array(anyRecord(Date.now()), { minLength: 1, maxLength: 40 }), {
        seed,
        numRuns: 20,
      });
      for (const batch of batches) expect(await publish(topic, batch)).toEqual({ kind: "ok" });
      expect(await it.read(topic, 0)).toEqual(batches.flat().map(asRead));
    });

    test("keeps the order within a partition, through batches of any size", async () => {
      const topic = await it.createTopic({ partitions: 1 });
      let sent = 0;
      for (const count of [1, 500, 2, 1_000, 1, 33, 250]) {
        expect(await publish(topic, numbered(sent, count))).toEqual({ kind: "ok" });
        sent += count;
      }
      expect(numbersIn(await it.read(topic, 0))).toEqual(upTo(sent));
    });

    test("serves partitions in parallel, each in its own order", async () => {
      const topic = await it.createTopic({ partitions: 4 });
      const lane = async (partition: number) => {
        for (let from = 0; from < 200; from += 20) {
          expect(await publish(topic, numbered(from, 20), partition)).toEqual({ kind: "ok" });
        }
      };
      await Promise.all([0, 1, 2, 3].map(lane));
      for (const partition of [0, 1, 2, 3]) expect(numbersIn(await it.read(topic, partition))).toEqual(upTo(200));
    });

    test("gives each of the partitions that are published to at once its own outcome", async () => {
      const topic = await it.createTopic({ partitions: 4, compacted: true });
      const large = [record({ value: noise(it.batchBytesMax + 1) })];
      const batches = [numbered(0, 3), large, numbered(3, 2), [record({ key: null })]];
      const outcomes = await Promise.all(batches.map((records, partition) => publish(topic, records, partition)));
      expect(outcomes).toMatchObject([{ kind: "ok" }, tooLarge, { kind: "ok" }, rejected]);
      const read = await Promise.all([0, 1, 2, 3].map((partition) => it.read(topic, partition)));
      expect(read.map(numbersIn)).toEqual([[0, 1, 2], [], [3, 4], []]);
    });

    test("takes more at once than a request may hold, all of it, in order", async () => {
      const topic = await it.createTopic({ partitions: 32 });
      const lane = async (partition: number) => {
        for (const key of ["a", "b"]) {
          const large = [record({ key, value: noise(it.batchBytesMax * 0.9) })];
          const confirmed = async () => (await publish(topic, large, partition)).kind === "ok";
          await eventually("a confirmed publish", confirmed);
        }
      };
      const partitions = upTo(32);
      await Promise.all(partitions.map(lane));
      for (const partition of [0, 13, 31]) {
        const keys = (await it.read(topic, partition)).map(({ key }) => key);
        expect([...new Set(keys)]).toEqual(["a", "b"]);
      }
    });

    test("sends nothing for who may not send it any more", async () => {
      const topic = await it.createTopic({ partitions: 1 });
      expect(await it.sink.publish(topic, 0, numbered(0, 2), () => false)).toEqual({
        kind: "retriable",
        code: "not_wanted",
      });
      expect(await it.sink.publish(topic, 0, numbered(2, 2), () => true)).toEqual({ kind: "ok" });
      expect(numbersIn(await it.read(topic, 0))).toEqual([2, 3]);
    });

    test("confirms nothing for no records", async () => {
      const topic = await it.createTopic({ partitions: 1 });
      expect(await publish(topic, [])).toEqual({ kind: "ok" });
      expect(await it.read(topic, 0)).toEqual([]);
    });

    test("counts a topic's partitions", async () => {
      const topic = await it.createTopic({ partitions: 7 });
      expect(await it.sink.partitions(topic)).toMatchObject({ kind: "ok", count: 7 });
    });

    test("tells how old a record's time may be: half of what the topic takes", async () => {
      const topic = await it.createTopic({ partitions: 1, beforeMsMax: HOUR_MS });
      expect(await it.sink.partitions(topic)).toEqual({ kind: "ok", count: 1, recordAgeMsMax: HOUR_MS / 2 });
    });

    test("waits for a topic that is not there", async () => {
      const missing = `missing-${crypto.randomUUID()}`;
      const unknown = { kind: "retriable", code: "unknown_topic_or_partition" };
      expect(await it.sink.partitions(missing)).toEqual(unknown);
      expect(await publish(missing, [record()])).toEqual(unknown);
    });

    test.each([-1, 3, 99])("does not confirm a partition that is not there: %i", async (partition) => {
      const topic = await it.createTopic({ partitions: 3 });
      expect(await publish(topic, [record()], partition)).toEqual({
        kind: "retriable",
        code: "partition_out_of_range",
      });
      for (const each of [0, 1, 2]) expect(await it.read(topic, each)).toEqual([]);
    });

    test("refuses a record that is too large, for good, and the next one is not held up", async () => {
      const topic = await it.createTopic({ partitions: 1 });
      const refused = await publish(topic, [record({ value: noise(it.batchBytesMax + 1) })]);
      expect(refused).toEqual(tooLarge);
      expect(await publish(topic, numbered(0, 1))).toEqual({ kind: "ok" });
      expect(numbersIn(await it.read(topic, 0))).toEqual([0]);
    });

    test("refuses what cannot be written, for good, and the next one is not held up", async () => {
      const topic = await it.createTopic({ partitions: 1 });
      const wrong = [record({ key: 7 as never }), record({ headers: { a: 7 as never } }), record({ key: {} as never })];
      for (const one of wrong) expect(await publish(topic, [...numbered(1, 2), one])).toEqual(notEncoded);
      expect(await publish(topic, numbered(0, 1))).toEqual({ kind: "ok" });
      expect(numbersIn(await it.read(topic, 0))).toEqual([0]);
    });

    test("refuses all ten when one of them is too large", async () => {
      const topic = await it.createTopic({ partitions: 1 });
      const ten = numbered(0, 10).with(6, record({ value: noise(it.batchBytesMax + 1) }));
      expect(await publish(topic, ten)).toEqual(tooLarge);
      expect(await it.read(topic, 0)).toEqual([]);
    });

    test.each([
      [1, 2],
      [5, 2],
      [1, -2],
      [5, -2],
    ])("refuses the time alone of a record, one of %i, that is %i hours off", async (count, hours) => {
      const topic = await it.createTopic({ partitions: 1, beforeMsMax: HOUR_MS });
      const odd = numbered(0, count).with(0, record({ timestampMs: Date.now() + hours * HOUR_MS }));
      expect(await publish(topic, odd)).toEqual({ kind: "retriable", code: "invalid_timestamp", retime: true });
      expect(await it.read(topic, 0)).toEqual([]);
      expect(await publish(topic, numbered(0, count))).toEqual({ kind: "ok" });
    });

    test.each([1, 5])("refuses a record without key in a compacted topic, alone or among others: %i", async (count) => {
      const topic = await it.createTopic({ partitions: 1, compacted: true });
      const keyless = numbered(0, count).with(0, record({ key: null }));
      expect(await publish(topic, keyless)).toMatchObject(rejected);
      expect(await publish(topic, numbered(0, 1))).toEqual({ kind: "ok" });
      expect(numbersIn(await it.read(topic, 0))).toEqual([0]);
    });

    test("names every record that it refuses for its content, and no other", async () => {
      const topic = await it.createTopic({ partitions: 1, compacted: true });
      const isBad = (index: number) => index % 7 !== 3;
      const mixed = numbered(0, 500).map((one, index) => (isBad(index) ? { ...one, key: null } : one));
      const refused = upTo(500).filter(isBad);
      expect(await publish(topic, mixed)).toEqual({ ...rejected, refused });
    });

    test("names what it refuses with a code that is safe to log", async () => {
      const topic = await it.createTopic({ partitions: 1 });
      const secret = "s3cr3t-customer";
      const large = record({ key: secret, value: noise(it.batchBytesMax + 1) });
      const outcomes = [await publish(topic, [large]), await publish(secret, [record()])];
      for (const outcome of outcomes) expect(outcome).toMatchObject({ code: expect.stringMatching(/^[A-Za-z_]+$/) });
    });

    test("is not up when the backend answers, and is not where it says that it is", async () => {
      const misled = it.openMisledSink();
      expect(await misled.health()).toEqual({ status: "down", code: expect.stringMatching(/^[A-Za-z_]+$/) });
      await misled.close();
      expect(await it.sink.health()).toEqual({ status: "up" });
    });

    test("waits while the backend is down and goes on by itself when it is back", async () => {
      const topic = await it.createTopic({ partitions: 1 });
      expect(await publish(topic, numbered(0, 1))).toEqual({ kind: "ok" });
      expect(await it.sink.health()).toMatchObject({ status: "up" });
      await it.stop();
      expect(await publish(topic, numbered(1, 2))).toMatchObject({ kind: "retriable" });
      expect(await publish(topic, numbered(1, 2))).toMatchObject({ kind: "retriable" });
      expect(await it.sink.health()).toMatchObject({ status: "down" });
      await it.start();
      await publishUntilOk(topic, numbered(1, 2));
      expect(await it.sink.health()).toMatchObject({ status: "up" });
      expect(new Set(numbersIn(await it.read(topic, 0)))).toEqual(new Set(upTo(3)));
    });

    test("waits while the backend answers nothing and goes on by itself when it does again", async () => {
      const topic = await it.createTopic({ partitions: 1 });
      expect(await publish(topic, numbered(0, 1))).toEqual({ kind: "ok" });
      await it.freeze();
      expect(await publish(topic, numbered(1, 2))).toMatchObject({ kind: "retriable" });
      expect(await it.sink.health()).toMatchObject({ status: "down" });
      await it.thaw();
      await publishUntilOk(topic, numbered(1, 2));
      await publishUntilOk(topic, numbered(3, 2));
      const first = [...new Set(numbersIn(await it.read(topic, 0)))];
      expect(first).toEqual(upTo(5));
    });

    test("ends with a publish under way on a backend that answers nothing, and confirms nothing afterwards", async () => {
      const topic = await it.createTopic({ partitions: 1 });
      const sink = it.openSink();
      expect(await sink.publish(topic, 0, numbered(0, 1), () => true)).toEqual({ kind: "ok" });
      await it.freeze();
      const underWay = sink.publish(topic, 0, numbered(1, 1), () => true);
      await sink.close();
      expect(await underWay).toMatchObject({ kind: "retriable" });
      expect(await sink.publish(topic, 0, numbered(2, 1), () => true)).toEqual({
        kind: "retriable",
        code: "client_closed",
      });
      expect(await sink.partitions(topic)).toEqual({ kind: "retriable", code: "client_closed" });
      expect(await sink.health()).toEqual({ status: "down", code: "client_closed" });
      await sink.close();
      await it.thaw();
    });
  });
};
