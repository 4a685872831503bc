import { Unavailable } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { createStage, idOf, type Stage } from "../stage.fixture.ts";

const kafkaIs = (stage: Stage, state: "up" | "down"): void => {
  stage.broker.answer = () => (state === "up" ? null : { kind: "retriable", code: "connection_failed" });
};

const copiesOf = ({ world }: Stage): number => world.outbox.copies(0).length;

/** The first of each. */
const firsts = (ids: readonly string[]): string[] => [...new Set(ids)];

const flush = ({ world }: Stage): void => world.streams.empty();

describe("copies", () => {
  test("go when their events were relayed, and nothing is diverted for them", async () => {
    const stage = createStage();
    stage.start("r1");
    await stage.postToBoth(["a", "b"]);
    await stage.postToBoth(["c"]);
    expect(copiesOf(stage)).toBe(2);
    await stage.until(() => stage.ids().length === 3 && copiesOf(stage) === 0);
    expect(stage.logged("diversion.begun")).toEqual([]);
  });

  test("stay while Postgres cannot remove them, and go then", async () => {
    const stage = createStage();
    stage.start("r1");
    await stage.postToBoth(["a"]);
    stage.world.outages.start("postgres");
    await stage.until(() => stage.ids().length === 1);
    await stage.clock.advance(2_000);
    expect(copiesOf(stage)).toBe(1);
    stage.world.outages.end("postgres");
    await stage.until(() => copiesOf(stage) === 0, 5_000);
  });

  test("that were there when a relay died are no loss to the next one, and go by the sweep", async () => {
    const stage = createStage();
    const first = stage.start("r1", {
      copies: { ...stage.world.copies, settled: async () => Promise.reject(new Unavailable("refused")) },
    });
    await stage.postToBoth(["a", "b"]);
    await stage.until(() => stage.ids().length === 2);
    await stage.clock.advance(100);
    first.kill();
    stage.start("r2");
    await stage.until(() => stage.logged("lease.taken").length === 2, 20_000);
    await stage.clock.advance(3_000);
    expect(copiesOf(stage)).toBe(1);
    await stage.until(() => copiesOf(stage) === 0, 60_000);
    expect(stage.ids()).toEqual(["a", "b"]);
    expect([stage.logged("events.restored"), stage.logged("diversion.begun")]).toEqual([[], []]);
  });
});

describe("what an emptied stream has lost", () => {
  test("comes back from its copies, in order and before what came into the outbox meanwhile; nothing else does", async () => {
    const stage = createStage();
    kafkaIs(stage, "down");
    await stage.postToBoth(["a"]);
    await stage.post(["only in the stream"]);
    await stage.postToBoth(["b", "c"]);
    await stage.postToBoth(["d"]);
    flush(stage);
    stage.postToOutbox(["e"]);
    stage.start("r1");
    kafkaIs(stage, "up");
    await stage.until(() => stage.ids().length >= 5 && copiesOf(stage) === 0);
    expect(stage.ids()).toEqual(["a", "b", "c", "d", "e"]);
    expect(stage.logged("events.restored")).toMatchObject([{ fields: { events: 4 } }]);
    await stage.clock.advance(5_000);
    expect(stage.world.ledger.unaccounted(0)).toBe(1);
  });

  test("is told as lost no more once it is back, also when it is lost and restored again", async () => {
    const stage = createStage();
    kafkaIs(stage, "down");
    stage.start("r1", {}, { inFlightEventsMax: 2 });
    for (const id of ["a", "b", "c", "d", "e", "f"]) await stage.postToBoth([id]);
    for (let times = 1; times <= 2; times++) {
      await stage.clock.advance(3_000);
      flush(stage);
      await stage.until(() => stage.logged("events.restored").length === times, 20_000);
    }
    kafkaIs(stage, "up");
    await stage.until(() => firsts(stage.ids()).length === 6 && copiesOf(stage) === 0, 60_000);
    await stage.clock.advance(5_000);
    expect(stage.world.ledger.unaccounted(0)).toBe(0);
  });

  test.each(["keep", "rekey"] as const)(
    "is told as lost no more, also what %s was to name, of which nobody heard and which was lost, too",
    async (as) => {
      const stage = createStage();
      const { copies } = stage.world;
      let times = 0;
      const unheard: typeof copies.keep = async (keyed) => {
        if (++times > 1) return copies[as](keyed);
        flush(stage);
        throw new Unavailable("timeout");
      };
      kafkaIs(stage, "down");
      if (as === "rekey") await stage.postToBoth(["a", "b"]);
      else stage.postToOutbox(["a", "b"], "k", true);
      flush(stage);
      stage.start("r1", { copies: { ...copies, [as]: unheard } });
      await stage.until(() => times > 1);
      await stage.clock.advance(3_000);
      kafkaIs(stage, "up");
      await stage.until(() => firsts(stage.ids()).length === 2 && copiesOf(stage) === 0, 60_000);
      await stage.clock.advance(5_000);
      expect(stage.world.ledger.unaccounted(0)).toBe(0);
    },
  );

  test("comes back before the outbox's rows also when the servers' clock is behind that by which it was copied", async () => {
    const stage = createStage();
    kafkaIs(stage, "down");
    await stage.clock.advance(100_000);
    await stage.postToBoth(["a"]);
    await stage.postToBoth(["b"]);
    flush(stage);
    stage.servers.behindMs = 2_000;
    stage.postToOutbox(["c"]);
    stage.start("r1");
    kafkaIs(stage, "up");
    await stage.until(() => stage.ids().length >= 3 && copiesOf(stage) === 0);
    expect(stage.ids()).toEqual(["a", "b", "c"]);
  });

  test("while the relay lives comes back, whatever it had in hand", async () => {
    const stage = createStage();
    kafkaIs(stage, "down");
    stage.start("r1", {}, { inFlightEventsMax: 2 });
    const ids = Array.from({ length: 9 }, (_, i) => `e${i}`);
    for (const id of ids) await stage.postToBoth([id]);
    await stage.clock.advance(3_000);
    flush(stage);
    await stage.clock.advance(10_000);
    kafkaIs(stage, "up");
    await stage.until(() => firsts(stage.ids()).length === 9 && copiesOf(stage) === 0);
    expect(firsts(stage.ids())).toEqual(ids);
  });

  test("is looked for when Redis is there again, by a shard that has no room and reads nothing", async () => {
    const stage = createStage();
    const { copies } = stage.world;
    let looks = 0;
    const counted: typeof copies.read = (...asked) => {
      looks++;
      return copies.read(...asked);
    };
    kafkaIs(stage, "down");
    stage.start("r1", { copies: { ...copies, read: counted } }, { inFlightEventsMax: 2 });
    for (let i = 0; i < 9; i++) await stage.postToBoth([`e${i}`]);
    await stage.clock.advance(8_000);
    looks = 0;
    stage.world.outages.start("redis");
    await stage.clock.advance(1_500);
    stage.world.outages.end("redis");
    await stage.clock.advance(1_500);
    expect(looks).toBeGreaterThan(0);
  });

  test("comes back by a copy that its retry brought, though that came with newer events and these are through", async () => {
    const stage = createStage({ partitions: 8 });
    stage.broker.answer = (records) =>
      records.some((record) => idOf(record) === "a") ? { kind: "retriable", code: "connection_failed" } : null;
    const { kill } = stage.start("r1");
    await stage.post(["a"], "k1");
    await stage.postToBoth(["b", "a"], "k3");
    const all = () => Array.from({ length: 8 }, (_, partition) => stage.ids(partition)).flat();
    await stage.until(() => all().includes("b"));
    await stage.clock.advance(2_000);
    kill();
    flush(stage);
    kafkaIs(stage, "up");
    stage.start("r2");
    await stage.until(() => all().includes("a") && copiesOf(stage) === 0, 60_000);
  });

  test("twice is restored twice: what was restored once keeps its copy until it is settled", async () => {
    const stage = createStage();
    kafkaIs(stage, "down");
    for (const id of ["a", "b", "c"]) await stage.postToBoth([id]);
    flush(stage);
    stage.start("r1", {}, { drainEventsMax: 400 });
    await stage.until(() => stage.logged("events.restored").length === 1);
    flush(stage);
    await stage.until(() => stage.logged("events.restored").length === 2);
    kafkaIs(stage, "up");
    await stage.until(() => firsts(stage.ids()).length === 3 && copiesOf(stage) === 0);
    expect(firsts(stage.ids())).toEqual(["a", "b", "c"]);
  });

  test("and was committed late is found by the second look", async () => {
    const stage = createStage();
    stage.start("r1");
    await stage.clock.advance(1_000);
    await stage.postToBoth(["early"]);
    flush(stage);
    await stage.until(() => stage.logged("lease.taken").length === 2, 10_000);
    await stage.clock.advance(300);
    // Appended to what is gone, and only now committed.
    const chunk = stage.chunkOf(["late"], true);
    await stage.world.outboxTier.copy([chunk], 100);
    await stage.until(() => firsts(stage.ids()).length === 2, 10_000);
    expect(firsts(stage.ids())).toEqual(["early", "late"]);
  });

  test("more than is looked at in one page, into a stream with little room", async () => {
    const stage = createStage({ backlogEventsMax: 300 });
    const ids = Array.from({ length: 2_300 }, (_, i) => `e${i}`);
    const transaction = stage.world.outbox.begin();
    for (const id of ids) transaction.copy(stage.chunkOf([id], true));
    transaction.commit();
    stage.start("r1", {}, { drainEventsMax: 100 });
    await stage.until(() => firsts(stage.ids()).length === ids.length && copiesOf(stage) === 0);
    expect(stage.ids()).toEqual(ids);
  });
});

describe("rows of the outbox whose events are to be in both", () => {
  test("keep a copy when they enter the stream, and are restored from it", async () => {
    const stage = createStage();
    kafkaIs(stage, "down");
    stage.start("r1", {}, { drainEventsMax: 2 });
    stage.postToOutbox(["a", "b", "c"], "k", true);
    stage.postToOutbox(["d"]);
    await stage.until(() => stage.world.outbox.size().events === 0);
    expect(copiesOf(stage)).toBe(3);
    flush(stage);
    await stage.until(() => stage.logged("events.restored").length > 0);
    kafkaIs(stage, "up");
    await stage.until(() => firsts(stage.ids()).length >= 3 && copiesOf(stage) === 0);
    expect(firsts(stage.ids()).filter((id) => id !== "d")).toEqual(["a", "b", "c"]);
  });
});

test("a copy that nobody can read becomes one dead letter, and those behind it come back", async () => {
  const stage = createStage();
  const transaction = stage.world.outbox.begin();
  const damaged = stage.chunkOf(["a"], true);
  damaged.chunk[60] = (damaged.chunk[60] ?? 0) ^ 1;
  transaction.copy(damaged);
  transaction.copy(stage.chunkOf(["b"], true));
  transaction.commit();
  stage.start("r1");
  await stage.until(() => stage.ids().length === 1 && copiesOf(stage) === 0);
  expect(stage.ids()).toEqual(["b"]);
  expect(stage.letters()).toMatchObject([{ entry: "copies/1", deadLetterClass: "undecodable" }]);
});

test("copies and rows of the outbox enter the stream in the one order of their ids, whichever of them is older", async () => {
  const stage = createStage();
  const put = (as: "copy" | "insert", id: string): void => {
    const transaction = stage.world.outbox.begin();
    transaction[as](stage.chunkOf([id], true));
    transaction.commit();
  };
  put("insert", "a");
  put("copy", "b");
  put("copy", "c");
  put("insert", "d");
  put("insert", "e");
  put("copy", "f");
  stage.start("r1", {}, { drainEventsMax: 400 });
  await stage.until(() => stage.ids().length === 6 && copiesOf(stage) === 0);
  expect(stage.ids()).toEqual(["a", "b", "c", "d", "e", "f"]);
});

test.each([
  ["within a second while something waits", "down", 1_000],
  ["at the next beat while nothing happens", "up", 6_000],
] as const)(
  "another server behind the same address is seen %s, though nothing is read and no call fails",
  async (_, kafka, ms) => {
    const stage = createStage();
    const { shardStream } = stage.world;
    kafkaIs(stage, kafka);
    let server = "one";
    const birth: typeof shardStream.birth = async (shard) => ({ ...(await shardStream.birth(shard)), server });
    stage.start("r1", { shardStream: { ...shardStream, birth } });
    if (kafka === "down") await stage.post(["z"]);
    await stage.clock.advance(5_000);
    const transaction = stage.world.outbox.begin();
    transaction.copy(stage.chunkOf(["a"], true));
    transaction.commit();
    await stage.clock.advance(3_000);
    expect(stage.ids()).toEqual([]);
    server = "two";
    await stage.until(() => stage.logged("events.restored").length === 1, ms);
  },
);

test("a row that was kept as a copy and not removed, as when a relay dies in between, holds nobody up", async () => {
  const stage = createStage();
  stage.postToOutbox(["a", "b"], "k", true);
  const [row] = stage.world.outbox.rows(0);
  stage.world.outbox.keep([{ id: row?.id ?? "", shard: 0, key: "0".repeat(32) }]);
  stage.start("r1");
  await stage.until(() => stage.ids().length === 2, 5_000);
  expect(stage.ids()).toEqual(["a", "b"]);
});
