import { type Outcome, partitionOf, type SinkRecord } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { createStage, idOf, type Stage } from "../stage.fixture.ts";

const rejected: Outcome = { kind: "fatal", code: "invalid_record", deadLetterClass: "rejected" };
const tooLarge: Outcome = { kind: "fatal", code: "message_too_large", deadLetterClass: "oversize" };

const ids = (count: number) => Array.from({ length: count }, (_, i) => `e${i}`);

/** As a broker that names the records that it refuses, and as one that does not. */
const brokers = [
  ["names them", (bad: readonly number[]): Outcome => ({ ...rejected, refused: bad })],
  ["does not name them", (): Outcome => rejected],
  ["finds them too large", (): Outcome => tooLarge],
] as const;

describe.each(brokers)("one sender's poison, and a broker that %s", (_name, refusal) => {
  const isPoison = (record: SinkRecord): boolean => idOf(record).startsWith("bad");
  const withPoison = (partitions = 1): Stage => {
    const stage = createStage({ partitions, shards: partitions });
    stage.broker.answer = (records) => {
      const bad = records.flatMap((record, index) => (isPoison(record) ? [index] : []));
      return bad.length > 0 ? refusal(bad) : null;
    };
    return stage;
  };
  const bad = (count: number, name = "bad") => ids(count).map((id) => `${name}-${id}`);

  test.each([null, "k"])("holds up nothing: 60 in front of ten good ones, under the key %s", async (key) => {
    const stage = withPoison();
    const { relay } = stage.start("r1");
    await stage.post(bad(60), key);
    await stage.post(ids(10), "k");
    await stage.until(() => stage.letters().length === 60, 5_000);
    expect(stage.ids()).toEqual(ids(10));
    await stage.until(() => relay.state().shards[0]?.entries === 0);
    expect(relay.state().troubles).toEqual([]);
    expect(stage.publishes.length).toBeLessThan(250);
    expect(await stage.world.shardStream.counts(0)).toMatchObject({ accepted: 70, relayed: 10, dead: 60 });
  });

  test("holds up little when there is more of it than is looked at in one go, all under one key", async () => {
    const stage = withPoison();
    stage.start("r1");
    for (let n = 0; n < 30; n++) await stage.post(bad(10, `bad-${n}`), "k");
    await stage.post(ids(10), "k");
    await stage.until(() => stage.letters().length === 300, 60_000);
    await stage.until(() => stage.ids().length === 10);
    expect(stage.ids()).toEqual(ids(10));
  });

  test("holds up nothing when the good ones come a minute later, among more of it", async () => {
    const stage = withPoison();
    const { relay } = stage.start("r1");
    await stage.post(bad(60), null);
    await stage.clock.advance(60_000);
    expect(relay.state().troubles).toMatchObject([{ state: "paused" }]);
    expect(stage.letters()).toEqual([]);
    for (const id of ids(10)) await stage.post([`bad-late-${id}`, id]);
    await stage.until(() => stage.letters().length === 70, 5_000);
    await stage.until(() => relay.state().shards[0]?.entries === 0);
    expect(stage.ids()).toEqual(ids(10));
    expect(relay.state().troubles).toEqual([]);
  });

  test.each([1_000_000, 16])("holds up nothing when it came fast and fills the memory: %i in a row", async (max) => {
    const stage = withPoison();
    const { relay } = stage.start("r1", {}, { refusedInARowMax: max });
    await stage.clock.advance(150);
    await stage.post(bad(900), null);
    await stage.post(bad(90, "bad-90"), null);
    await stage.post(ids(10), "k");
    await stage.post(bad(10, "bad-behind"), null);
    await stage.until(() => stage.letters().length === 1_000, 60_000);
    await stage.until(() => relay.state().shards[0]?.entries === 0);
    expect(stage.ids()).toEqual(ids(10));
    expect(relay.state().troubles).toEqual([]);
  });

  test("in one lane is known for what it is by what another lane of the topic takes", async () => {
    const stage = withPoison(3);
    const { relay } = stage.start("r1");
    await stage.post(bad(40), "key-1");
    await stage.clock.advance(5_000);
    expect(relay.state().troubles).toMatchObject([{ state: "paused" }]);
    for (const id of ids(3)) await stage.post([id], `other-${id}`);
    await stage.until(() => stage.letters().length === 40, 5_000);
    expect(relay.state().troubles).toEqual([]);
  });

  test("a single one on an idle topic is a dead letter at once", async () => {
    const stage = withPoison();
    stage.start("r1");
    await stage.post(["bad"]);
    await stage.until(() => stage.letters().length === 1, 500);
    expect(stage.logged("lane.paused")).toEqual([]);
  });

  test("when the topic refuses everything, the lane pauses and alarms, and all goes out in order when it is mended", async () => {
    const stage = createStage();
    stage.broker.answer = (records) => refusal(records.map((_, index) => index));
    const { relay } = stage.start("r1");
    await stage.post(ids(500));
    await stage.until(() => relay.state().troubles.length > 0);
    expect(relay.state().troubles).toMatchObject([{ state: "paused" }]);
    await stage.clock.advance(60_000);
    const before = stage.publishes.length;
    for (let minute = 0; minute < 10; minute++) {
      await stage.post([`later-${minute}`]);
      await stage.clock.advance(60_000);
    }
    expect(stage.letters()).toEqual([]);
    expect(stage.publishes.length - before).toBeLessThan(200);
    stage.broker.answer = () => null;
    await stage.post(["after"]);
    await stage.until(() => relay.state().shards[0]?.entries === 0);
    const later = Array.from({ length: 10 }, (_, minute) => `later-${minute}`);
    expect(stage.ids()).toEqual([...ids(500), ...later, "after"]);
    expect(relay.state().troubles).toEqual([]);
    expect(stage.letters()).toEqual([]);
  });

  test("the same when poison is the first of what such a topic refuses", async () => {
    const stage = withPoison();
    const mended = stage.broker.answer;
    stage.broker.answer = (records) => refusal(records.map((_, index) => index));
    const { relay } = stage.start("r1");
    await stage.post(bad(2), "k");
    for (const id of ids(100)) await stage.post([id], "k");
    await stage.clock.advance(60_000);
    expect(relay.state().troubles).toMatchObject([{ state: "paused" }]);
    stage.broker.answer = mended;
    await stage.until(() => relay.state().shards[0]?.entries === 0, 60_000);
    expect(stage.letters()).toHaveLength(2);
    expect(stage.ids()).toEqual(ids(100));
  });

  test("the same in all lanes, when the events come one by one: at most 16 become dead letters", async () => {
    const stage = createStage({ partitions: 3, shards: 3 });
    stage.broker.answer = (records) => refusal(records.map((_, index) => index));
    stage.start("r1");
    for (const id of ids(100)) {
      await stage.post([id], `key-${Number(id.slice(1)) % 9}`);
      await stage.clock.advance(100);
    }
    await stage.clock.advance(60_000);
    expect(stage.letters().length).toBeLessThanOrEqual(16);
    stage.broker.answer = () => null;
    const out = () => [0, 1, 2].flatMap((partition) => stage.ids(partition));
    await stage.until(() => out().length + stage.letters().length === 100);
    for (let key = 0; key < 9; key++) {
      const ofKey = out().filter((id) => Number(id.slice(1)) % 9 === key);
      expect(ofKey).toEqual(ofKey.toSorted((a, b) => Number(a.slice(1)) - Number(b.slice(1))));
    }
  });
});

describe("a topic that is mended under load", () => {
  /** As Kafka changes a topic: on each broker by itself, some milliseconds apart. */
  test("gets everything in order from every lane, though one is mended after the others and keys go on", async () => {
    const stage = createStage({ partitions: 3, shards: 3 });
    const mended = new Set<number>();
    stage.broker.answer = (_, partition) => (mended.has(partition) ? null : tooLarge);
    const { relay } = stage.start("r1");
    const post = async (from: number, count: number) => {
      for (let n = from; n < from + count; n++) {
        await stage.post([`e${n}`], `key-${n % 12}`);
        await stage.clock.advance(20);
      }
    };
    await post(0, 400);
    expect(relay.state().troubles.map(({ state }) => state)).toEqual(["paused", "paused", "paused"]);
    for (const partition of [0, 1, 2]) {
      mended.add(partition);
      await post(400 + partition * 5, 5);
    }
    await post(415, 100);
    const out = () => [0, 1, 2].flatMap((partition) => stage.ids(partition));
    await stage.until(() => out().length + stage.letters().length === 515, 60_000);
    expect(stage.letters().length).toBeLessThanOrEqual(16);
    for (let key = 0; key < 12; key++) {
      const numbers = out()
        .map((id) => Number(id.slice(1)))
        .filter((n) => n % 12 === key);
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
  });
});

/** What a lane holds of one key may be passed in the very moment in which the topic is mended. */
const PASSED_MAX = 4;

describe.each(brokers)("a topic whose setting spreads over its partitions, and a broker that %s", (_name, refusal) => {
  const partitions = [0, 1, 2];

  test.each([
    [1, 200],
    [150, 200],
    [300, 50],
    [40, 5],
  ])("has few letters, though answers take %i ms and each one learns of it %i ms later", async (latencyMs, stepMs) => {
    const stage = createStage({ partitions: partitions.length, shards: partitions.length });
    const spoiled = new Set<number>();
    stage.broker.latencyMs = latencyMs;
    stage.broker.answer = (records, partition) =>
      spoiled.has(partition) ? refusal(records.map((_, index) => index)) : null;
    stage.start("r1");
    let posted = 0;
    const postFor = async (ms: number) => {
      for (const end = stage.clock.monotonicMs() + ms; stage.clock.monotonicMs() < end; await stage.clock.advance(10)) {
        await stage.post([`e${posted}`], `key-${posted % 12}`);
        posted++;
      }
    };
    const oneByOne = async (change: (partition: number) => void) => {
      for (const partition of partitions) {
        change(partition);
        await postFor(stepMs);
      }
    };
    await postFor(500);
    await oneByOne((partition) => spoiled.add(partition));
    await postFor(3_000);
    expect(stage.letters().length).toBeLessThanOrEqual(16);
    await oneByOne((partition) => spoiled.delete(partition));
    await postFor(1_000);
    const out = () => partitions.flatMap((partition) => stage.ids(partition));
    await stage.until(() => out().length + stage.letters().length === posted, 60_000);
    expect(stage.letters().length).toBeLessThanOrEqual(16 + PASSED_MAX * partitions.length);
  });

  test.each([1, 3])(
    "and poison of %i keys in one lane is put aside as fast as it comes, by what another takes",
    async (count) => {
      const stage = createStage({ partitions: 2, shards: 2 });
      stage.broker.answer = (records, partition) =>
        partition === 0 ? refusal(records.map((_, index) => index)) : null;
      const { relay } = stage.start("r1");
      const keys = ids(50);
      const bad = keys.filter((key) => partitionOf(key, 2) === 0).slice(0, count);
      const good = keys.find((key) => partitionOf(key, 2) === 1) ?? null;
      /** Half a second on both sides of what the other had taken, and two rounds. */
      let late = 0;
      for (let n = 0; stage.letters().length < 1_500; n++) {
        if (n < 1_500) await stage.post([`bad-${n}`], bad[n % count]);
        if (n % 10 === 0) await stage.post([`e${n}`], good);
        await stage.clock.advance(10);
        late = Math.max(late, Math.min(n, 1_500) - stage.letters().length);
      }
      expect(late).toBeLessThan(500);
      await stage.until(() => relay.state().troubles.length === 0, 1_000);
    },
  );
});
