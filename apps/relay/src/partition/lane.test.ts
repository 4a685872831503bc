import type { Outcome } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { createStage, idOf, type Stage, TOPIC } from "../stage.fixture.ts";

const outage: Outcome = { kind: "retriable", code: "connection_failed" };
const rejected: Outcome = { kind: "fatal", code: "invalid_record", deadLetterClass: "rejected" };

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
