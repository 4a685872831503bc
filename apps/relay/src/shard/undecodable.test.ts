import { type ChunkEvent, encodeChunk, type ShardChunk } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { expect, test } from "vitest";
import { createStage, TOPIC } from "../stage.fixture.ts";

const event: ChunkEvent = {
  identity: "0123456789abcdef",
  dedupKey: "0123456789abcdef",
  type: "t",
  partitionKey: "k",
  traceparent: null,
  replay: 0,
  bytes: new TextEncoder().encode('{"id":"poison"}'),
};

/** A chunk with a checksum that is right, as a writer would make it that knows no types. */
const forged = (wrong: object, receivedAtMs: unknown = 0): ShardChunk => {
  const chunk = { receivedAtMs, events: [{ ...event, ...wrong }] } as Parameters<typeof encodeChunk>[0];
  return { shard: 0, chunk: encodeChunk(chunk, platform), events: 1, dedupKeys: event.dedupKey };
};

const poison: readonly (readonly [what: string, chunk: ShardChunk])[] = [
  ["a type that is a number", forged({ type: 7 })],
  ["no type", forged({ type: null })],
  ["a key that is a number", forged({ partitionKey: 7 })],
  ["a key that is an object", forged({ partitionKey: {} })],
  ["a traceparent that is a number", forged({ traceparent: 7 })],
  ["a tracestate that is a number", forged({ traceparent: "t", tracestate: 7 })],
  ["half a replay", forged({ replay: 0.5 })],
  ["a replay that no table holds", forged({ replay: 2 ** 40 })],
  ["half an identity", forged({ identity: "01234567" })],
  ["a time that is a text", forged({}, "now")],
  ["half a millisecond", forged({}, 0.5)],
  ["a time before all times", forged({}, -5e15)],
];

test.each(poison)(
  "%s, in an entry or a row, becomes a dead letter; the relay and the shard go on",
  async (_, chunk) => {
    const stage = createStage();
    await stage.post(["a"]);
    await stage.world.tier.append([chunk], 100);
    await stage.post(["b"]);
    const { relay } = stage.start("r1");
    await stage.until(() => stage.ids().length === 2);

    const transaction = stage.world.outbox.begin();
    transaction.insert(chunk);
    transaction.commit();
    stage.postToOutbox(["c"]);
    await stage.until(() => stage.ids().length === 3);

    expect(stage.ids()).toEqual(["a", "b", "c"]);
    const letter = { index: -1, deadLetterClass: "undecodable", code: "undecodable_chunk", bytes: chunk.chunk };
    expect(stage.letters()).toMatchObject([letter, { ...letter, entry: "outbox/1" }]);
    await stage.until(() => relay.state().shards[0]?.entries === 0);
    expect(await stage.world.shardStream.counts(0)).toMatchObject({ accepted: 4, relayed: 3, dead: 1 });
  },
);

test("an entry whose chunk is whole and whose metadata is damaged is buried whole: nobody knows what to skip", async () => {
  const stage = createStage();
  await stage.post(["a"]);
  await stage.post(["b", "c"]);
  const [, entry] = await stage.world.shardStream.read(0, "0", 2, 0);
  stage.world.streams.damage(0, entry?.id ?? "", "metadata");
  await stage.post(["d"]);
  const { relay } = stage.start("r1");
  await stage.until(() => stage.ids().length === 2);
  await stage.until(() => relay.state().shards[0]?.entries === 0);
  expect(stage.ids()).toEqual(["a", "d"]);
  expect(stage.letters()).toMatchObject([
    { entry: entry?.id, index: -1, deadLetterClass: "undecodable", code: "damaged_metadata", bytes: entry?.chunk },
  ]);
  expect(await stage.world.shardStream.counts(0)).toMatchObject({ accepted: 4, relayed: 2, dead: 2 });
});

test("an entry that does not hold as many events as its metadata says is buried", async () => {
  const stage = createStage();
  await stage.world.tier.append([{ ...forged({}), events: 2, dedupKeys: "0123456789abcdefABCDEFGHIJKLMNOP" }], 100);
  stage.start("r1");
  await stage.until(() => stage.letters().length === 1);
  expect(stage.letters()).toMatchObject([{ index: -1, code: "damaged_metadata" }]);
  expect(stage.ids()).toEqual([]);
});

test("what its routing throws buries the entry, and the relay and the shard go on", async () => {
  const stage = createStage();
  const topicOf = (type: string): string => {
    if (type === "bad") throw new RangeError("no payload in here, please");
    return TOPIC;
  };
  await stage.post(["a"]);
  await stage.post(["b"], "k", "bad");
  await stage.post(["c"]);
  stage.start("r1", {}, { topicOf });
  await stage.until(() => stage.ids().length === 2);
  expect(stage.ids()).toEqual(["a", "c"]);
  expect(stage.letters()).toMatchObject([
    { index: -1, code: "unexpected_error", detail: "A chunk of 1 events is damaged: RangeError." },
  ]);
});
