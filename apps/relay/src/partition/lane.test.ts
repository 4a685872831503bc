import type { Outcome, SinkRecord } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { createStage, idOf, type Stage, TOPIC } from "../stage.fixture.ts";

const outage: Outcome = { kind: "retriable", code: "connection_failed" };
const rejected: Outcome = { kind: "fatal", code: "invalid_record", deadLetterClass: "rejected" };
const tooLarge: Outcome = { kind: "fatal", code: "message_too_large", deadLetterClass: "oversize" };

const ids = (count: number) => Array.from({ length: count }, (_, i) => `e${i}`);

/** Refuses every request that holds one of these. */
const refusing = (stage: Stage, bad: readonly string[], outcome: Outcome): void => {
  stage.broker.answer = (records) => (records.some((record) => bad.includes(idOf(record))) ? outcome : null);
};

describe("a fault that may pass", () => {
  test("blocks the lane: nothing newer of the partition is sent before it", async () => {
    const stage = createStage();
    stage.broker.answer = () => outage;
    stage.start("r1");
    await stage.post(["a"]);
    await stage.until(() => stage.publishes.length === 1);
    await stage.post(["b"]);
    await stage.until(() => stage.publishes.length === 5);
    expect(stage.publishes.map((publish) => publish.ids)).toEqual(Array(5).fill(["a"]));
    stage.broker.answer = () => null;
    await stage.until(() => stage.ids().length === 2);
    expect(stage.ids()).toEqual(["a", "b"]);
  });

  test("is retried after waits that double up to five seconds", async () => {
    const stage = createStage();
    stage.broker.answer = () => outage;
    const { relay } = stage.start("r1");
    await stage.post(["a"]);
    await stage.until(() => stage.publishes.length === 10);
    const at = stage.publishes.map((publish) => publish.atMs);
    const waits = at.slice(1).map((ms, i) => ms - (at[i] ?? 0));
    expect(waits[0]).toBeGreaterThanOrEqual(50);
    expect(waits[0]).toBeLessThanOrEqual(110);
    expect(waits[3]).toBeGreaterThan((waits[0] ?? 0) * 4);
    expect(Math.max(...waits)).toBeLessThanOrEqual(5_010);
    expect(relay.state().troubles).toEqual([
      { state: "retrying", code: "connection_failed", topic: "events", partition: 0, forMs: expect.any(Number) },
    ]);
    stage.broker.answer = () => null;
    await stage.until(() => relay.state().troubles.length === 0);
  });

  test("holds up only its own partition", async () => {
    const stage = createStage({ partitions: 3 });
    stage.broker.answer = (_, partition) => (partition === 0 ? outage : null);
    stage.start("r1");
    for (let n = 0; n < 30; n++) await stage.post([`e${n}`], `key-${n}`);
    await stage.until(() => stage.ids(1).length + stage.ids(2).length > 10);
    expect(stage.ids(0)).toEqual([]);
    stage.broker.answer = () => null;
    await stage.until(() => [0, 1, 2].flatMap((partition) => stage.ids(partition)).length === 30);
  });

  test("an event without a key takes another way while a partition is down", async () => {
    const stage = createStage({ partitions: 3 });
    stage.broker.answer = (_, partition) => (partition === 0 ? outage : null);
    stage.start("r1");
    await stage.post(["first"], "key-1");
    for (let n = 0; n < 12; n++) {
      await stage.post([`e${n}`], null);
      await stage.clock.advance(50);
    }
    // At most the one that found the partition out waits for it.
    await stage.until(() => stage.ids(1).length + stage.ids(2).length >= 11);
  });

  test("that every record would meet pauses the topic and raises the alarm; nothing becomes a dead letter", async () => {
    const stage = createStage();
    stage.broker.answer = () => ({ kind: "retriable", code: "topic_authorization_failed", pause: true });
    const { relay } = stage.start("r1");
    await stage.post(ids(200));
    await stage.clock.advance(10 * 60_000);
    expect(relay.state().troubles).toMatchObject([{ state: "paused", code: "topic_authorization_failed" }]);
    expect(stage.letters()).toEqual([]);
    expect(stage.publishes.length).toBeLessThan(35);
    stage.broker.answer = () => null;
    await stage.until(() => stage.ids().length === 200);
    expect(relay.state().troubles).toEqual([]);
  });

  test("that keeps coming back for one record is that record's in the end, and outages do not count for it", async () => {
    const stage = createStage();
    let calls = 0;
    stage.broker.answer = (records) => {
      if (++calls % 3 === 0) return outage;
      const suspect = records.some((record) => idOf(record) === "e5");
      return suspect ? { kind: "retriable", code: "unknown_server_error", attemptsMax: 3 } : null;
    };
    stage.start("r1");
    await stage.post(ids(8));
    await stage.until(() => stage.ids().length === 7);
    expect(stage.ids()).toEqual(ids(8).filter((id) => id !== "e5"));
    expect(stage.letters()).toMatchObject([{ index: 5, deadLetterClass: "rejected", code: "unknown_server_error" }]);
    const whole = stage.publishes.filter((publish) => publish.ids.length === 8);
    expect(whole.length).toBe(4);
  });
});

describe("a refused record", () => {
  test("goes to the dead letters whole, and the others to Kafka in their order", async () => {
    const stage = createStage();
    refusing(stage, ["e3", "e70"], rejected);
    const { relay } = stage.start("r1");
    await stage.post(ids(100));
    await stage.until(() => relay.state().shards[0]?.entries === 0);
    expect(stage.ids()).toEqual(ids(100).filter((id) => id !== "e3" && id !== "e70"));
    expect(stage.letters()).toMatchObject([
      {
        shard: 0,
        index: 3,
        deadLetterClass: "rejected",
        code: "invalid_record",
        topic: "events",
        type: "t",
        replay: 0,
      },
      { shard: 0, index: 70, partitionKey: "k" },
    ]);
    const [letter] = stage.letters();
    expect(new TextDecoder().decode(letter?.bytes)).toContain('"id":"e3"');
    expect(letter?.attempts).toBeGreaterThan(5);
    expect(await stage.world.shardStream.counts(0)).toMatchObject({ accepted: 100, relayed: 98, dead: 2 });
  });

  test("the halves are sent older first, and an outage in the middle stops there", async () => {
    const stage = createStage();
    let sends = 0;
    stage.broker.answer = (records) => {
      sends++;
      if (sends === 3 || sends === 4) return outage;
      return records.some((record) => idOf(record) === "e2") ? rejected : null;
    };
    stage.start("r1");
    await stage.post(ids(4));
    await stage.until(() => stage.ids().length === 3);
    expect(stage.publishes.map((publish) => publish.ids)).toEqual([
      ["e0", "e1", "e2", "e3"],
      ["e0", "e1"],
      ["e2", "e3"],
      ["e2", "e3"],
      ["e2", "e3"],
      ["e2"],
      ["e3"],
    ]);
  });

  test("waits for the dead letters once its key was passed, and nothing more passes it meanwhile", async () => {
    const stage = createStage();
    refusing(stage, ["e1"], rejected);
    const { relay } = stage.start("r1");
    stage.world.outages.start("postgres");
    await stage.post(ids(3));
    await stage.until(() => relay.state().troubles[0]?.state === "dead-letters");
    await stage.post(["later"]);
    await stage.clock.advance(60_000);
    expect(stage.ids()).toEqual(["e0", "e2"]);
    expect(await stage.pending()).toBe(4);
    stage.world.outages.end("postgres");
    await stage.until(() => stage.ids().length === 3);
    expect(stage.ids()).toEqual(["e0", "e2", "later"]);
    expect(stage.letters().length).toBe(1);
  });
});

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

describe("batches", () => {
  test("an idle lane sends at once; what comes meanwhile leaves together", async () => {
    const stage = createStage();
    const { relay } = stage.start("r1");
    await stage.until(() => relay.state().shards.length === 1);
    stage.broker.latencyMs = 100;
    for (const id of ids(20)) await stage.post([id]);
    await stage.until(() => stage.ids().length === 20);
    expect(stage.publishes.length).toBe(2);
  });

  test("hold at most about 900 KB, and a larger record alone", async () => {
    const stage = createStage({ backlogBytesMax: 1e9 });
    stage.start("r1", {}, { inFlightBytesMax: 1e9 });
    const filler = "x".repeat(100_000);
    await stage.post(Array.from({ length: 20 }, (_, i) => `${i}-${filler}`));
    await stage.until(() => stage.ids().length === 20);
    expect(Math.max(...stage.publishes.map((publish) => publish.ids.length))).toBe(8);
  });

  test("several shards share a lane, one publish at a time", async () => {
    const stage = createStage({ shards: 4 });
    let under = 0;
    let most = 0;
    const publish = stage.world.sink.publish;
    const sink = {
      ...stage.world.sink,
      publish: async (...call: Parameters<typeof publish>) => {
        most = Math.max(most, ++under);
        await stage.clock.sleep(20);
        under--;
        return publish(...call);
      },
    };
    stage.start("r1", { sink });
    for (let n = 0; n < 40; n++) await stage.post([`e${n}`], `key-${n}`);
    await stage.until(() => stage.ids().length === 40);
    expect(most).toBe(1);
  });
});

describe("a time that the topic refuses", () => {
  const late = async (recordAgeMsMax: number) => {
    const stage = createStage();
    stage.world.topics.create(TOPIC, { partitions: 1, beforeMsMax: 60_000, recordAgeMsMax });
    await stage.post(ids(60));
    await stage.clock.advance(120_000);
    await stage.post(["fresh"]);
    return stage;
  };
  const records = (stage: Stage) => stage.world.topics.get(TOPIC)?.partitions[0] ?? [];

  test.each([30_000, 10_000_000])("after our own wait is no dead letter: known %i", async (recordAgeMsMax) => {
    const stage = await late(recordAgeMsMax);
    const { relay } = stage.start("r1");
    await stage.until(() => stage.ids().length === 61);
    expect(stage.ids()).toEqual([...ids(60), "fresh"]);
    expect(stage.letters()).toEqual([]);
    expect(relay.state().troubles).toEqual([]);
    const [first] = records(stage);
    const receivedAtMs = Number(first?.headers["spillway-received-at"]);
    expect(first?.timestampMs).toBeGreaterThanOrEqual(receivedAtMs + 120_000);
    // Asked for once when we were told, and once more when the topic had to say it.
    expect(stage.publishes.filter(({ ids: [id] }) => id === "e0")).toHaveLength(recordAgeMsMax === 30_000 ? 1 : 2);
  });

  test("whatever we put on it stops the lane and alarms, and kills nothing", async () => {
    const stage = await late(10_000_000);
    stage.broker.answer = () => ({ kind: "retriable", code: "invalid_timestamp", retime: true });
    const { relay } = stage.start("r1");
    await stage.until(() => relay.state().troubles.length > 0);
    expect(relay.state().troubles).toMatchObject([{ state: "paused", code: "invalid_timestamp" }]);
    await stage.clock.advance(600_000);
    expect(stage.letters()).toEqual([]);
    stage.broker.answer = () => null;
    await stage.until(() => stage.ids().length === 61);
    expect(stage.ids()).toEqual([...ids(60), "fresh"]);
  });
});
