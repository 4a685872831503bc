import { freePort, type Kafka, startKafka } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import type { Sink, SinkRecord } from "@spillway/event";
import { createKafkajsSink } from "@spillway/kafka/kafkajs";
import type { Admin } from "kafkajs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { shortDeadlines } from "./broker.ts";
import { askBroker, createTopic } from "./fresh-topic.ts";
import { readPartition } from "./kcat.ts";

const BATCH_BYTES_MAX = 100_000;

const record = (value: Uint8Array = Buffer.from("{}")): SinkRecord => ({
  key: "k",
  value,
  headers: {},
  timestampMs: Date.now(),
});
const noise = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));

describe("the sink and topics that change", () => {
  let kafka: Kafka;
  const opened: Sink[] = [];

  beforeAll(async () => {
    kafka = await startKafka();
  });
  afterAll(() => kafka?.stop());
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((sink) => sink.close()));
  });

  const open = (brokers: readonly string[] = kafka.brokers): Sink => {
    const sink = createKafkajsSink({ connection: { brokers, clientId: "spillway-test" }, deadlines: shortDeadlines });
    opened.push(sink);
    return sink;
  };
  const makeTopic = (partitions: number, name?: string) =>
    createTopic(kafka, { name, partitions, settings: { "max.message.bytes": String(BATCH_BYTES_MAX) } });
  const withAdmin = (use: (admin: Admin) => Promise<unknown>) => askBroker(kafka.url, use);

  test("confirms nothing for a partition that it does not know yet, and all that it confirms is there", async () => {
    const topic = await makeTopic(1);
    const sink = open();
    expect(await sink.publish(topic, 0, [record()], () => true)).toEqual({ kind: "ok" });
    await withAdmin((admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] }));
    let confirmed = 0;
    await eventually("a confirmed publish to the new partition", async () => {
      const outcome = await sink.publish(topic, 2, [record()], () => true);
      if (outcome.kind === "ok") confirmed++;
      return confirmed === 3;
    });
    expect((await readPartition(kafka.brokers, topic, 2)).length).toBeGreaterThanOrEqual(confirmed);
    expect(await sink.partitions(topic)).toMatchObject({ kind: "ok", count: 3 });
  });

  test("waits for a topic that was deleted, and goes on when it is made anew with fewer partitions", async () => {
    const topic = await makeTopic(3);
    const sink = open();
    expect(await sink.publish(topic, 2, [record()], () => true)).toEqual({ kind: "ok" });
    await withAdmin((admin) => admin.deleteTopics({ topics: [topic] }));
    await eventually(
      "the topic to be missed",
      async () => (await sink.publish(topic, 2, [record()], () => true)).kind !== "ok",
    );
    expect(await sink.publish(topic, 2, [record()], () => true)).toMatchObject({ kind: "retriable" });
    await makeTopic(2, topic);
    await eventually(
      "a confirmed publish",
      async () => (await sink.publish(topic, 1, [record()], () => true)).kind === "ok",
    );
    await eventually("the smaller count", async () => {
      const known = await sink.partitions(topic);
      return known.kind === "ok" && known.count === 2;
    });
    expect((await readPartition(kafka.brokers, topic, 1)).length).toBeGreaterThanOrEqual(1);
  });

  test("a topic that was deleted takes nothing away from another one that is published to with it", async () => {
    const [gone, there] = [await makeTopic(2), await makeTopic(2)];
    const sink = open();
    const both = () => Promise.all([gone, there].map((topic) => sink.publish(topic, 1, [record()], () => true)));
    expect(await both()).toEqual([{ kind: "ok" }, { kind: "ok" }]);
    await withAdmin((admin) => admin.deleteTopics({ topics: [gone] }));
    const outcomes: string[] = [];
    await eventually("the topic to be missed", async () => {
      const [missed, taken] = await both();
      outcomes.push(taken?.kind ?? "");
      return missed?.kind === "retriable" && missed.code === "unknown_topic_or_partition";
    });
    expect(new Set(outcomes)).toEqual(new Set(["ok"]));
    expect(await readPartition(kafka.brokers, there, 1)).toHaveLength(outcomes.length + 1);
  });

  test("refuses records that are too large together, and takes their halves", async () => {
    const topic = await makeTopic(1);
    const sink = open();
    const records = Array.from({ length: 8 }, () => record(noise(20_000)));
    expect(await sink.publish(topic, 0, records, () => true)).toMatchObject({
      kind: "fatal",
      deadLetterClass: "oversize",
    });
    for (const half of [records.slice(0, 4), records.slice(4)]) {
      expect(await sink.publish(topic, 0, half, () => true)).toEqual({ kind: "ok" });
    }
    expect(await readPartition(kafka.brokers, topic, 0)).toHaveLength(8);
  });

  test("waits where nobody listens", async () => {
    const sink = open([`127.0.0.1:${await freePort()}`]);
    expect(await sink.partitions("any")).toEqual({ kind: "retriable", code: "connection_failed" });
    expect(await sink.publish("any", 0, [record()], () => true)).toEqual({
      kind: "retriable",
      code: "connection_failed",
    });
    expect(await sink.health()).toEqual({ status: "down", code: "connection_failed" });
  });

  test("finds the broker that lives, wherever it stands in the list", async () => {
    const topic = await makeTopic(1);
    const [dead, alsoDead] = [await freePort(), await freePort()].map((port) => `127.0.0.1:${port}`);
    const sink = open([dead ?? "", alsoDead ?? "", ...kafka.brokers]);
    await eventually(
      "a confirmed publish",
      async () => (await sink.publish(topic, 0, [record()], () => true)).kind === "ok",
    );
  });
});
