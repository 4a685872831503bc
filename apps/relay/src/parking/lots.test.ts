import type { Outcome } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { eachCall, mapPorts } from "../ports.ts";
import { createStage, idOf, TOPIC } from "../stage.fixture.ts";

const BAD = "bad";
const FORBIDDEN = { kind: "retriable", code: "topic_authorization_failed", pause: true } as const;
const MOVED = { kind: "retriable", code: "not_leader_or_follower" } as const;

const routes = { topicNames: [TOPIC, BAD], topicOf: (type: string) => (type === "bad" ? BAD : TOPIC) };

/** Two topics, of which one takes nothing unless told. */
const setUp = (options: Parameters<typeof createStage>[0] & { readonly isThere?: boolean } = {}) => {
  const stage = createStage(options);
  const { topics } = stage.world;
  if (options.isThere ?? true) topics.create(BAD, { partitions: 2 });
  const bad = (): string[] => (topics.get(BAD)?.partitions ?? []).flatMap((log) => log.map(idOf));
  return {
    ...stage,
    bad,
    fault: (outcome: Exclude<Outcome, { kind: "ok" }> | null) => topics.fault(BAD, outcome),
    start: (owner = "r1", changed: Parameters<typeof stage.start>[2] = {}) =>
      stage.start(owner, {}, { ...routes, ...changed }),
    /** A relay that is killed when this was done for the first time, before it hears of it. Answers whether it was. */
    startDying: (step: string) => {
      let isDead = false;
      const isClearing = () => first.relay.state().parked[0]?.mode === "clearing";
      const call = async (make: () => Promise<unknown>, method: string) => {
        if (isDead) return new Promise(() => undefined);
        const name = method === "park" && isClearing() ? "clear" : method;
        const isDue = name === step && (step !== "publish" || topics.faultOf(BAD) === null);
        const value = await make();
        if (isDue) {
          isDead = true;
          first.kill();
        }
        return isDead ? new Promise(() => undefined) : value;
      };
      const first = stage.start(
        "r1",
        mapPorts(stage.world, (port) => eachCall(port, call)),
        routes,
      );
      return () => isDead;
    },
    /** One event a chunk, for the topic that takes none. */
    postBad: async (ids: readonly string[], key = "k") => {
      for (const id of ids) await stage.post([id], key, "bad");
    },
    parked: (shard = 0) => stage.world.parked.rows(shard, BAD).length,
    marks: (shard = 0) =>
      stage.world.streams
        .marks(shard)
        .parked()
        ?.map(({ topic }) => topic),
  };
};

const upTo = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => `e${from + i}`);

describe("a topic that takes nothing", () => {
  test.each([
    ["is missing", null, false],
    ["is forbidden", FORBIDDEN, true],
    ["has no leader", MOVED, true],
  ])(
    "and %s holds up no other, and gets everything in order when it takes records again",
    async (_name, why, isThere) => {
      const { start, until, post, postBad, fault, world, ids, bad, parked, marks, pending, clock } = setUp({ isThere });
      fault(why);
      const { relay } = start();
      await postBad(upTo(5));
      await until(() => parked() === 5, 10_000);
      expect(marks()).toEqual([BAD]);
      for (let i = 0; i < 30; i++) {
        await post([`good${i}`]);
        await postBad(upTo(1, 5 + i));
      }
      await until(() => ids().length === 30 && parked() === 35, 2_000);
      await clock.advance(100);
      expect(await pending()).toBe(0);
      expect(relay.state().parked).toMatchObject([{ shard: 0, topic: BAD, mode: "parked" }]);
      expect(relay.state().troubles).toContainEqual(expect.objectContaining({ state: "parked", topic: BAD, shard: 0 }));
      if (!isThere) world.topics.create(BAD, { partitions: 2 });
      fault(null);
      await until(() => bad().length === 35, 60_000);
      expect(bad()).toEqual(upTo(35));
      await until(() => marks()?.length === 0);
      await postBad(["last"]);
      await until(() => bad().length === 36, 1_000);
      await clock.advance(100);
      expect([relay.state().parked, parked()]).toEqual([[], 0]);
      expect(await world.shardStream.counts(0)).toMatchObject({ accepted: 66, relayed: 31, parked: 35, dead: 0 });
    },
  );

  test("is not parked while it might be Kafka, or where no other topic could go on", async () => {
    for (const changed of [{ topicNames: [BAD] }, {}]) {
      const { start, clock, postBad, fault, world, parked, marks } = setUp();
      fault(MOVED);
      if (!("topicNames" in changed)) world.outages.start("kafka", "connection_failed");
      start("r1", changed);
      await postBad(upTo(5));
      await clock.advance(60_000);
      expect([parked(), marks()]).toEqual([0, []]);
    }
  });
});

describe("parked events", () => {
  test("that come back keep bytes, key, headers and time of ingest", async () => {
    const direct = setUp();
    direct.start();
    await direct.postBad(["a"]);
    await direct.until(() => direct.bad().length === 1);
    const late = setUp();
    late.fault(FORBIDDEN);
    late.start();
    await late.postBad(["a"]);
    await late.until(() => late.parked() === 1);
    late.fault(null);
    await late.until(() => late.bad().length === 1);
    const recordIn = ({ world }: typeof late) => {
      const { key, value, headers, timestampMs } = world.topics.get(BAD)?.partitions.flat()[0] ?? {};
      return { key, value, headers, timestampMs };
    };
    expect(recordIn(late)).toEqual(recordIn(direct));
  });

  /** In the order in which a topic is parked and returns; each at its first call, when it was executed. */
  const steps = ["open", "park", "put", "settle", "oldest", "publish", "remove", "clear"];

  test.each(steps)("are neither lost nor turned around when their owner dies at %s", async (step) => {
    const { start, startDying, until, postBad, fault, bad, parked, marks, clock } = setUp();
    fault(FORBIDDEN);
    const died = startDying(step);
    await postBad(upTo(5));
    await clock.advance(10_000);
    await postBad(upTo(5, 5));
    await clock.advance(5_000);
    fault(null);
    await clock.advance(5_000);
    await postBad(upTo(5, 10));
    start("r2");
    await until(() => new Set(bad()).size === 15, 60_000);
    expect([...new Set(bad())]).toEqual(upTo(15));
    await until(() => parked() === 0 && marks()?.length === 0, 60_000);
    expect(died()).toBe(true);
  });

  test("beyond the limit the shard waits, says for which topic, and brings all of them in order", async () => {
    const { start, until, postBad, fault, bad, parked, clock } = setUp();
    fault(FORBIDDEN);
    const { relay } = start("r1", { parkedEventsMax: 5 });
    await postBad(upTo(3));
    await until(() => parked() === 3, 10_000);
    for (let i = 3; i < 12; i++) {
      await postBad(upTo(1, i));
      await clock.advance(100);
    }
    expect(parked()).toBe(5);
    expect(relay.state().troubles).toContainEqual(
      expect.objectContaining({ state: "parking", code: "parking_full", topic: BAD, shard: 0 }),
    );
    fault(null);
    await until(() => bad().length === 12, 60_000);
    expect(bad()).toEqual(upTo(12));
  });

  test("are not begun without Postgres; with its end the others go on, and so does the order", async () => {
    const { start, until, post, postBad, fault, world, ids, bad, parked, marks, clock } = setUp();
    fault(FORBIDDEN);
    world.outages.start("postgres");
    const { kill } = start();
    await postBad(upTo(2));
    await clock.advance(20_000);
    expect([parked(), marks()]).toEqual([0, []]);
    world.outages.end("postgres");
    await until(() => parked() === 2, 10_000);
    world.outages.start("postgres");
    await postBad(upTo(2, 2));
    await post(["good"]);
    await until(() => ids().length === 1, 5_000);
    kill();
    start("r2");
    await clock.advance(10_000);
    fault(null);
    await post(["better"]);
    await postBad(upTo(2, 4));
    await until(() => ids().includes("better"), 10_000);
    expect(bad()).toEqual([]);
    world.outages.end("postgres");
    await until(() => bad().length === 6, 60_000);
    expect(bad()).toEqual(upTo(6));
  });

  test("come before what is newer when Redis was emptied meanwhile, with the marks", async () => {
    const { start, until, postBad, fault, world, bad, parked, marks, clock } = setUp();
    fault(FORBIDDEN);
    start();
    await postBad(upTo(3));
    await until(() => parked() === 3, 10_000);
    await clock.advance(1_000);
    world.streams.empty();
    expect(marks()).toBeUndefined();
    fault(null);
    await postBad(upTo(3, 3));
    await until(() => bad().length === 6, 60_000);
    expect(bad()).toEqual(upTo(6));
  });

  test("keep the order of their keys when their topic gets more partitions", async () => {
    const { start, until, postBad, fault, world, parked, clock } = setUp();
    fault(FORBIDDEN);
    start();
    await postBad(upTo(4), "k1");
    await until(() => parked() === 4, 10_000);
    world.topics.create(BAD, { partitions: 5 });
    fault(null);
    for (let i = 4; i < 10; i++) {
      await postBad(upTo(1, i), "k1");
      await clock.advance(1_500);
    }
    const all = () => (world.topics.get(BAD)?.partitions ?? []).filter((log) => log.length > 0);
    await until(() => all().flat().length >= 10, 60_000);
    expect(all()).toHaveLength(1);
    expect([...new Set(all().flat().map(idOf))]).toEqual(upTo(10));
  });

  test("of a topic that refuses everything for good are no dead letters, and come in order when it is mended", async () => {
    const { start, until, postBad, fault, bad, parked, letters, clock } = setUp();
    fault({ kind: "fatal", code: "invalid_record", deadLetterClass: "rejected" });
    start();
    await postBad(upTo(20));
    await until(() => parked() === 20, 20_000);
    await clock.advance(30_000);
    fault(null);
    await until(() => bad().length === 20, 60_000);
    expect([bad(), letters()]).toEqual([upTo(20), []]);
  });
});
