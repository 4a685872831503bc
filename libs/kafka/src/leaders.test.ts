import { describe, expect, test } from "vitest";
import type { TopicLeaders } from "./kafkajs-connection.ts";
import { createLeaders } from "./leaders.ts";
import { clientTable, ofProtocolCode } from "./outcome-table.ts";

const [one, two] = [1, 2].map((port) => ({ host: "b", port }));

const build = () => {
  const asked: { resolve(found: TopicLeaders): void; reject(error: unknown): void }[] = [];
  const leaders = createLeaders(() => new Promise((resolve, reject) => void asked.push({ resolve, reject })));
  const learn = async (...found: TopicLeaders[number]["leader"][]) => {
    const refreshed = leaders.refresh("t");
    asked.at(-1)?.resolve(found.map((leader, partition) => ({ partition, leader })));
    return refreshed;
  };
  return { leaders, asked, learn };
};

describe("the leaders of a topic", () => {
  test("are asked for once for all who want them, and known then without asking", async () => {
    const { leaders, asked } = build();
    const both = Promise.all([leaders.of("t", 0), leaders.of("t", 1)]);
    asked[0]?.resolve([
      { partition: 0, leader: one! },
      { partition: 1, leader: two! },
    ]);
    expect(await both).toEqual([one, two]);
    expect([leaders.known("t", 0), asked.length]).toEqual([one, 1]);
  });

  test("are asked for again for a partition in doubt, and the others' stay known meanwhile", async () => {
    const { leaders, learn } = build();
    await learn(one!, one!);
    leaders.doubt("t", 1);
    expect([leaders.known("t", 0), leaders.known("t", 1)]).toEqual([one, null]);
    expect(await learn(one!, two!)).toBe(2);
    expect(leaders.known("t", 1)).toEqual(two);
  });

  test("of a partition without one are its own trouble", async () => {
    const { leaders, learn } = build();
    await learn(one!, { code: 5 });
    expect([leaders.known("t", 0), leaders.known("t", 1)]).toEqual([one, ofProtocolCode(5)]);
  });

  test("that cannot be asked for are what the failure means", async () => {
    const { leaders, asked } = build();
    const answer = leaders.of("t", 0);
    asked[0]?.reject(Object.assign(new Error("refused"), { name: "KafkaJSConnectionError" }));
    expect(await answer).toBe(clientTable.connection);
    const again = leaders.of("t", 7);
    asked[1]?.resolve([{ partition: 0, leader: one! }]);
    expect(await again).toBe(clientTable.metadata);
  });
});
