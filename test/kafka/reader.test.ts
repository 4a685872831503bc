import { type Kafka, startKafka } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import type { SinkRecord } from "@spillway/event";
import { createKafkajsSink } from "@spillway/kafka/kafkajs";
import { createKafkaReader, type RecordQuery } from "@spillway/kafka/reader";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askBroker, createTopic } from "./fresh-topic.ts";

const AT_MS = Date.now() - 3_600_000;
const MINUTE_MS = 60_000;

let kafka: Kafka;
beforeAll(async () => {
  kafka = await startKafka();
});
afterAll(() => kafka?.stop());

const options = () => ({ connection: { brokers: kafka.brokers, clientId: "spillway-test" } });

/** Record n of the partition was taken n seconds after the first. */
const publish = async (topic: string, partition: number, count: number, name: string): Promise<void> => {
  const sink = createKafkajsSink(options());
  const records = Array.from({ length: count }, (_, n): SinkRecord => {
    const headers = { "spillway-entry": `${partition}/${name}-${n}/0`, traceparent: `trace-${n}` };
    return { key: null, value: Buffer.from(`{"id":"${name}-${n}"}`), headers, timestampMs: AT_MS + n * 1_000 };
  });
  expect(await sink.publish(topic, partition, records, () => true)).toEqual({ kind: "ok" });
  await sink.close();
};

const queryOf = (topics: readonly string[], name: string, more: Partial<RecordQuery> = {}): RecordQuery => ({
  topics,
  header: "spillway-entry",
  beginning: name,
  isMeant: () => true,
  fromMs: AT_MS - MINUTE_MS,
  untilMs: AT_MS + 60 * MINUTE_MS,
  ...more,
});

test("a record is found by its header, with its partition, offset, time and headers, and only within its times", async () => {
  const [first, second] = [await createTopic(kafka, { partitions: 1 }), await createTopic(kafka, { partitions: 3 })];
  await publish(first, 0, 20, "a");
  for (const partition of [0, 1, 2]) await publish(second, partition, 300, "b");
  const { find } = createKafkaReader(options());
  const found = { kind: "found", topic: second, partition: 1, offset: "200", atMs: AT_MS + 200_000 };
  expect(await find(queryOf([first, second], "1/b-200/"))).toMatchObject({
    ...found,
    headers: { traceparent: "trace-200" },
  });
  const around = { fromMs: AT_MS + 199_000, untilMs: AT_MS + 202_000 };
  expect(await find(queryOf([second], "1/b-200/", around))).toMatchObject(found);
  // Three a partition, and what comes with them in their batch is not counted.
  expect(await find(queryOf([second], "9/", around))).toEqual({
    kind: "absent",
    records: expect.any(Number),
    isWhole: true,
  });
  const before = { fromMs: AT_MS - MINUTE_MS, untilMs: AT_MS + 100_000 };
  expect(await find(queryOf([second], "1/b-200/", before))).toMatchObject({ kind: "absent", isWhole: true });
  const isMeant = (value: Uint8Array) => Buffer.from(value).includes('"b-7"');
  expect(await find(queryOf([second], "", { isMeant }))).toMatchObject({ kind: "found", offset: "7" });
});

test("the lag of a group is what it has not committed of each topic, and unknown where nobody can say", async () => {
  const [topic, other] = [await createTopic(kafka, { partitions: 2 }), await createTopic(kafka, { partitions: 1 })];
  await publish(topic, 0, 10, "a");
  await publish(topic, 1, 5, "a");
  /** The first of a broker's life makes the topic in which groups are kept. */
  const commit = (group: string, offsets: readonly (readonly [partition: number, offset: string])[]) =>
    eventually("the offsets are committed", async () => {
      const partitions = offsets.map(([partition, offset]) => ({ partition, offset }));
      await askBroker(kafka.url, (admin) => admin.setOffsets({ groupId: group, topic, partitions }));
      return true;
    });
  await commit("billing", [
    [0, "4"],
    [1, "5"],
  ]);
  await commit("search", [[0, "4"]]);
  const { lags } = createKafkaReader(options());
  expect(await lags(["billing", "search", "nobody"], [topic, other])).toEqual([
    { group: "billing", topic, records: 6, committed: 9, unknown: null },
    { group: "billing", topic: other, records: 0, committed: 0, unknown: null },
    { group: "search", topic, records: null, committed: null, unknown: "not_committed" },
    { group: "search", topic: other, records: 0, committed: 0, unknown: null },
    { group: "nobody", topic, records: null, committed: null, unknown: "not_committed" },
    { group: "nobody", topic: other, records: 0, committed: 0, unknown: null },
  ]);
  expect(await lags(["billing"], ["no-such-topic"])).toEqual([
    { group: "billing", topic: "no-such-topic", records: null, committed: null, unknown: "not_answered" },
  ]);
});

test("a Kafka that does not answer is no answer", async () => {
  const gone = createKafkaReader({
    connection: { brokers: ["127.0.0.1:1"], clientId: "spillway-test" },
    deadlines: { connectMs: 500, requestMs: 500, acksMs: 400, publishMs: 500, closeMs: 100 },
  });
  await expect(gone.find(queryOf(["t"], "x"))).rejects.toMatchObject({ name: "Unavailable" });
  expect(await gone.lags(["billing"], ["t"])).toMatchObject([{ records: null, unknown: "not_answered" }]);
});
