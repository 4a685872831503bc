import { askKafka, type KafkaCluster, startKafkaCluster } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import type { Outcome, Sink, SinkRecord } from "@spillway/event";
import { createKafkajsSink } from "@spillway/kafka/kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { shortDeadlines } from "./broker.ts";
import { readPartition } from "./kcat.ts";

const record = (value: string): SinkRecord => ({
  key: "k",
  value: Buffer.from(value),
  headers: {},
  timestampMs: Date.now(),
});

const TOPIC = "placed";
let cluster: KafkaCluster;
let sink: Sink;

/** Which brokers have each partition; the first one leads. */
const place = (...replicas: readonly (readonly number[])[]) =>
  askKafka(cluster.brokers, async (admin) => {
    const partitionAssignment = replicas.map((nodes, partition) => ({ partition, replicas: [...nodes] }));
    await admin.alterPartitionReassignments({ topics: [{ topic: TOPIC, partitionAssignment }] });
    await eventually("the partitions to be where they were put", async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [TOPIC] });
      const partitions = topics[0]?.partitions ?? [];
      return replicas.every((nodes, partition) => {
        const found = partitions.find(({ partitionId }) => partitionId === partition);
        return found?.leader === nodes[0] && found?.isr.length === nodes.length;
      });
    });
  });

const publishUntilOk = (partition: number, value: string) =>
  eventually(
    "a confirmed publish",
    async () => (await sink.publish(TOPIC, partition, [record(value)], () => true)).kind === "ok",
  );

const valuesIn = async (partition: number, brokers = cluster.brokers): Promise<readonly string[]> =>
  (await readPartition(brokers, TOPIC, partition)).map(({ value }) => value.toString());

beforeAll(async () => {
  cluster = await startKafkaCluster({
    controllers: 1,
    settings: {
      "leader.imbalance.check.interval.seconds": "1",
      "leader.imbalance.per.broker.percentage": "0",
      // Kafka's own default, so that a frozen follower is waited for longer than our deadlines here.
      "broker.session.timeout.ms": "9000",
    },
    topics: [{ name: TOPIC, partitions: 2 }],
  });
  sink = createKafkajsSink({
    connection: { brokers: cluster.brokers, clientId: "spillway-test" },
    deadlines: shortDeadlines,
  });
});
afterAll(async () => {
  await sink?.close();
  await cluster?.stop();
});

test("a partition follows its leader, and its neighbour is published to meanwhile", async () => {
  await place([1, 2], [1, 3]);
  await Promise.all([publishUntilOk(0, "0"), publishUntilOk(1, "0")]);
  await place([2, 1], [1, 3]);
  const [moved, stayed] = await Promise.all([
    sink.publish(TOPIC, 0, [record("1")], () => true),
    sink.publish(TOPIC, 1, [record("1")], () => true),
  ]);
  expect(moved).toEqual({ kind: "retriable", code: "not_leader_or_follower" });
  expect(stayed).toEqual({ kind: "ok" });
  expect(await sink.publish(TOPIC, 0, [record("1")], () => true)).toEqual({ kind: "ok" });
  expect(await valuesIn(0)).toEqual(["0", "1"]);
  expect(await valuesIn(1)).toEqual(["0", "1"]);
});

test("a partition whose follower does not answer holds up none of the others of its leader", async () => {
  await place([1, 2], [1, 3]);
  await Promise.all([publishUntilOk(0, "0"), publishUntilOk(1, "0")]);
  const frozen = cluster.nodes[2];
  await frozen?.kill("SIGSTOP");
  // Those that went with it wait for as long as it does, once.
  const first = await Promise.all([1, 0].map((partition) => sink.publish(TOPIC, partition, [record("1")], () => true)));
  expect(first).toEqual([{ kind: "retriable", code: "request_timed_out" }, { kind: "ok" }]);
  const order: string[] = [];
  const slow = sink
    .publish(TOPIC, 1, [record("1")], () => true)
    .then(({ kind }: Outcome) => order.push(`slow ${kind}`));
  for (const value of ["a", "b", "c"]) {
    const { kind } = await sink.publish(TOPIC, 0, [record(value)], () => true);
    order.push(`${value} ${kind}`);
  }
  await slow;
  await frozen?.kill("SIGCONT");
  expect(order.slice(0, 3)).toEqual(["a ok", "b ok", "c ok"]);
  await publishUntilOk(1, "after");
  expect((await valuesIn(1)).at(-1)).toBe("after");
});
