import { createRequire } from "node:module";
import { beforeAll, expect, test } from "vitest";
import { prepareKafkajs } from "./kafkajs-internals.ts";

const require = createRequire(import.meta.url);
const metadata: {
  protocol(asked: { version: number }): (body: object) => { response: { parse(answer: object): unknown } };
} = require("kafkajs/src/protocol/requests/metadata");
const Cluster: { prototype: { findLeaderForPartitions(topic: string, partitions: readonly number[]): object } } =
  require("kafkajs/src/cluster");

const answer = (topicErrorCode: number, ...partitionErrorCodes: readonly number[]) => ({
  topicMetadata: [
    { topicErrorCode, partitionMetadata: partitionErrorCodes.map((code) => ({ partitionErrorCode: code })) },
  ],
});

beforeAll(() => prepareKafkajs());

test.each([0, 1, 2, 3, 4, 5, 6])(
  "metadata version %i is kept when a partition has no leader, and no other error is",
  async (version) => {
    const { response } = metadata.protocol({ version })({ topics: ["t"] });
    const leaderless = answer(0, 0, 5);
    expect(await response.parse(leaderless)).toBe(leaderless);
    await expect(response.parse(answer(3))).rejects.toMatchObject({ code: 3 });
    await expect(response.parse(answer(0, 5, 72))).rejects.toMatchObject({ code: 72 });
  },
);

test("what goes to a partition without a leader is refused as by a broker, and what goes to another is not", () => {
  const partitions = [
    { partitionId: 0, leader: 1 },
    { partitionId: 1, leader: -1 },
  ];
  const cluster = Object.assign(Object.create(Cluster.prototype), { findTopicPartitionMetadata: () => partitions });
  expect(cluster.findLeaderForPartitions("t", [0])).toEqual({ 1: [0] });
  expect(() => cluster.findLeaderForPartitions("t", [0, 1])).toThrow(/no leader/);
});
