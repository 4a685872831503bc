import { late } from "@spillway/event";
import { expect, test } from "vitest";
import type { Address } from "./connection.ts";
import type { BrokerConnection, TopicLeaders } from "./kafkajs-connection.ts";
import { createMetadataConnection } from "./metadata-connection.ts";

const at = (port: number): Address => ({ host: "b", port });
const failure = (name: string, fields: object = {}) => Object.assign(new Error(name), { name, ...fields });
const refused = () => failure("KafkaJSConnectionError");
const unknownTopic = () => failure("KafkaJSProtocolError", { code: 3 });

/** Brokers by port: what each answers, or throws. */
const build = (brokers: Record<number, () => TopicLeaders | Error>) => {
  const opened: number[] = [];
  const closed: number[] = [];
  const open = async ({ port }: Address): Promise<BrokerConnection> => {
    opened.push(port);
    const leaders = async () => {
      const answer = brokers[port]?.() ?? refused();
      if (answer instanceof Error) throw answer;
      return answer;
    };
    const produce = () => Promise.reject(new Error("not asked"));
    return { isOpen: true, leaders, produce, fetch: async () => [], close: () => void closed.push(port) };
  };
  const metadata = createMetadataConnection({ seeds: () => [at(1), at(2)], open, within: (work) => work });
  return { metadata, opened, closed };
};

test("asks one after the other until one answers, and that one again", async () => {
  const { metadata, opened, closed } = build({ 2: () => [{ partition: 0, leader: at(2) }] });
  for (let i = 0; i < 3; i++) expect(await metadata.leadersOf("t")).toHaveLength(1);
  expect([opened, closed]).toEqual([[1, 2], [1]]);
});

test("takes for an answer that one knows no such topic", async () => {
  const { metadata, opened } = build({ 1: unknownTopic, 2: () => [] });
  await expect(metadata.leadersOf("t")).rejects.toMatchObject({ code: 3 });
  await expect(metadata.leadersOf("t")).rejects.toMatchObject({ code: 3 });
  expect(opened).toEqual([1]);
});

test("finds a broker that it has only heard of when all of its list are gone", async () => {
  let isThere = true;
  const { metadata } = build({
    1: () => (isThere ? [{ partition: 0, leader: at(3) }] : refused()),
    3: () => [{ partition: 0, leader: at(3) }],
  });
  await metadata.leadersOf("t");
  isThere = false;
  expect(await metadata.leadersOf("t")).toEqual([{ partition: 0, leader: at(3) }]);
});

test("rejects with what the first one met when none answers, and asks nobody once it is closed", async () => {
  const { metadata, opened } = build({ 1: () => failure("first"), 2: refused });
  await expect(metadata.leadersOf("t")).rejects.toThrow("first");
  metadata.close();
  opened.length = 0;
  await expect(metadata.leadersOf("t")).rejects.toBe(late);
  expect(opened).toEqual([]);
});
