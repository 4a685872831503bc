import { partitionOf } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { idOf } from "../stage.fixture.ts";
import { BAD, FIRST, FORBIDDEN, MOVED, setUp, upTo } from "./lots.fixture.ts";

describe("a topic that takes nothing", () => {
  test.each([
    ["is missing", null, "not there"],
    ["is forbidden from the start", FORBIDDEN, "not loaded"],
    ["is forbidden", FORBIDDEN, "loaded"],
    ["has no leader", MOVED, "loaded"],
  ])("and %s holds up no other, and gets everything in order when it takes records again", async (_name, why, was) => {
    const isThere = was !== "not there";
    const { standsStill, start, until, post, postBad, fault, world, ids, bad, parked, marks, pending, clock } = setUp({
      isThere,
    });
    if (was === "not loaded") fault(why);
    const { relay } = start();
    if (was === "loaded" && why !== null) await standsStill(why);
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
    await until(() => marks().length === 0);
    await postBad(["last"]);
    await until(() => bad().length === 36, 1_000);
    await clock.advance(100);
    expect([relay.state().parked, parked()]).toEqual([[], 0]);
    expect(await world.shardStream.counts(0)).toMatchObject({
      relayed: was === "loaded" ? 32 : 31,
      parked: 35,
      dead: 0,
    });
  });

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
    await direct.standsStill(FORBIDDEN);
    direct.fault(null);
    await direct.postBad(["a"]);
    await direct.until(() => direct.bad().length === 1);
    const late = setUp();
    late.start();
    await late.standsStill(FORBIDDEN);
    await late.postBad(["a"]);
    await late.until(() => late.parked() === 1);
    late.fault(null);
    await late.until(() => late.bad().length === 1);
    const recordIn = ({ world }: typeof late) => {
      const { key, value, headers, timestampMs } = world.topics.get(BAD)?.partitions.flat()[1] ?? {};
      return { key, value, headers, timestampMs };
    };
    expect(recordIn(late)).toEqual(recordIn(direct));
  });

  /** In the order in which a topic is parked and returns; each at its first call, when it was executed. */
  const steps = ["open", "park", "put", "settle", "oldest", "publish", "remove", "clear"];

  test.each(steps)("are neither lost nor turned around when their owner dies at %s", async (step) => {
    const { standsStill, start, startDying, until, postBad, fault, bad, parked, marks, clock } = setUp();
    const died = startDying(step);
    await standsStill(FORBIDDEN);
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
    await until(() => parked() === 0 && marks().length === 0, 60_000);
    expect(died()).toBe(true);
  });

  test("beyond the limit the shard waits, says for which topic, and brings all of them in order", async () => {
    const { standsStill, start, until, postBad, fault, bad, parked, clock } = setUp();
    const { relay } = start("r1", { parkedEventsMax: 5 });
    await standsStill(FORBIDDEN);
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
    const { standsStill, start, until, post, postBad, fault, world, ids, bad, parked, marks, clock } = setUp();
    world.outages.start("postgres");
    const { kill } = start();
    await standsStill(FORBIDDEN);
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

  test("are behind what the lanes held, also when they come while it is collected", async () => {
    const { standsStill, startWith, until, postBad, fault, world, bad, parked, clock } = setUp();
    const park: typeof world.shardStream.park = async (...of) => {
      await clock.sleep(1_000);
      return world.shardStream.park(...of);
    };
    const { relay } = startWith({ shardStream: { ...world.shardStream, park } });
    await standsStill(FORBIDDEN);
    await postBad(upTo(3));
    await until(() => relay.state().parked[0]?.mode === "marking", 10_000);
    await postBad(upTo(3, 3));
    await until(() => parked() === 6, 10_000);
    fault(null);
    await until(() => bad().length === 6, 60_000);
    expect(bad()).toEqual(upTo(6));
  });

  test("are not those of a publish under way, unless it fails", async () => {
    const { standsStill, startWith, until, postBad, fault, broker, publishes, world, bad, parked, clock } = setUp();
    let begun = 0;
    const park: typeof world.shardStream.park = async (...of) => {
      const isUnderWay = () => clock.monotonicMs() - (publishes.at(-1)?.atMs ?? 0) < 1_000;
      if (of[2] === "begin") for (begun++; begun === 1 && !isUnderWay(); ) await clock.sleep(10);
      return world.shardStream.park(...of);
    };
    const { relay } = startWith({ shardStream: { ...world.shardStream, park } });
    await standsStill(MOVED);
    broker.latencyMs = 3_000;
    await postBad(upTo(3));
    await until(() => relay.state().parked[0]?.mode === "collecting", 60_000);
    fault(null);
    await until(() => bad().length > 0 && relay.state().parked.length === 0, 60_000);
    await clock.advance(10_000);
    expect([bad(), parked()]).toEqual([upTo(3), 0]);
    expect(await world.shardStream.counts(0)).toMatchObject({ accepted: 4, relayed: 2, parked: 2 });
  });

  test("are not told as lost when Redis is, and the put of them is answered after that", async () => {
    const { standsStill, startWith, until, postBad, bad, fault, world, parked, clock } = setUp();
    const put: typeof world.parking.put = async (...of) => {
      const answer = await world.parking.put(...of);
      world.streams.empty();
      await clock.sleep(8_000);
      return answer;
    };
    startWith({ parking: { ...world.parking, put } });
    await standsStill(FORBIDDEN);
    await postBad(upTo(3));
    await until(() => parked() === 3, 10_000);
    fault(null);
    await until(() => bad().length === 3 && parked() === 0, 60_000);
    await clock.advance(10_000);
    expect(world.ledger.unaccounted(0)).toBe(0);
  });

  test("come out although Redis gives smaller tokens than the one under which their topic was opened", async () => {
    const { standsStill, start, until, postBad, bad, fault, world, parked } = setUp();
    const first = start();
    await standsStill(FORBIDDEN);
    await postBad(upTo(3));
    await until(() => parked() === 3, 10_000);
    first.kill();
    world.parked.open(0, BAD, world.parked.all()[0]!.token + 100_000, null);
    fault(null);
    start("r2");
    await until(() => new Set(bad()).size === 3 && parked() === 0, 60_000);
  });

  test("have their mark again when a replica had lost it; a put that comes too late is brought back", async () => {
    const { standsStill, start, until, postBad, fault, world, bad, parked, marks, clock } = setUp();
    start();
    await standsStill(FORBIDDEN);
    await postBad(upTo(2));
    await until(() => parked() === 2, 10_000);
    const [late] = world.parked.rows(0, BAD);
    world.streams.park(0, [BAD], "end");
    await clock.advance(2_000);
    expect(marks()).toEqual([BAD]);
    fault(null);
    await until(() => marks().length === 0, 60_000);
    if (late) world.parked.put(0, BAD, [late], { writer: "late", floor: 0 });
    await until(() => bad().length === 3 && parked() === 0 && marks().length === 0, 10_000);
    expect(bad()).toEqual(["e0", "e1", "e0"]);
  });

  test("are themselves when Postgres has gone back and gives their ids to others: these come out, too, and in order", async () => {
    const { standsStill, start, until, postBad, bad, fault, broker, world, parked, clock } = setUp();
    start();
    await standsStill(FORBIDDEN);
    await postBad(upTo(1));
    await until(() => parked() === 1, 10_000);
    const goBack = world.parked.remember();
    await postBad(upTo(2, 1));
    await until(() => parked() === 3, 10_000);
    // The lanes have them.
    await clock.advance(2_000);
    goBack();
    await postBad(upTo(5, 3));
    await until(() => parked() === 6, 10_000);
    expect(world.parked.rows(0, BAD)[1]?.id).toBe("2");
    broker.latencyMs = 50;
    fault(null);
    await until(() => bad().length >= 8 && parked() === 0, 60_000);
    expect(bad()).toEqual(upTo(8));
  });

  test("of a partition that stands still let those of the others pass, however many they are", async () => {
    const { standsStill, start, until, post, postBad, fault, broker, world, parked } = setUp();
    start("r1", { parkedEventsMax: 10_000 });
    await standsStill(FORBIDDEN);
    await postBad(["k0"], "k");
    await until(() => parked() === 1, 10_000);
    const partitionOfK = (world.topics.get(BAD)?.partitions ?? []).findIndex((log) => log.length > 0);
    const other = ["a", "b", "c", "d", "f"].find((key) => partitionOf(key, 2) !== partitionOfK) ?? "";
    // The other topic has one partition, and is asked for as well: only what is of this key stands still.
    broker.answer = (records) => (records.some(({ key }) => key === "k") ? MOVED : null);
    fault(null);
    for (let i = 0; i < 8; i++)
      await post(
        Array.from({ length: 300 }, (_, n) => `k${1 + i * 300 + n}`),
        "k",
        "bad",
      );
    for (let i = 0; i < 3; i++)
      await post(
        Array.from({ length: 20 }, (_, n) => `o${i * 20 + n}`),
        other,
        "bad",
      );
    const log = (key: string) => (world.topics.get(BAD)?.partitions[partitionOf(key, 2)] ?? []).map(idOf);
    await until(() => log(other).length === 60, 60_000);
    expect(log(other)).toEqual(Array.from({ length: 60 }, (_, n) => `o${n}`));
    broker.answer = () => null;
    await until(() => log("k").length === 2_402, 120_000);
    expect(log("k")).toEqual([FIRST, ...Array.from({ length: 2_401 }, (_, n) => `k${n}`)]);
  });

  test("keep the order of their keys when their topic gets more partitions", async () => {
    const { standsStill, start, until, postBad, fault, world, parked, clock } = setUp();
    start();
    await standsStill(FORBIDDEN);
    await postBad(upTo(4), "k1");
    await until(() => parked() === 4, 10_000);
    world.topics.create(BAD, { partitions: 5 });
    fault(null);
    for (let i = 4; i < 10; i++) {
      await postBad(upTo(1, i), "k1");
      await clock.advance(1_500);
    }
    // Until the relay has noticed, what comes goes to the partition that was the key's.
    const logs = () => (world.topics.get(BAD)?.partitions ?? []).map((log) => [...new Set(log.map(idOf))]);
    await until(() => new Set(logs().flat()).size === 10, 60_000);
    for (const log of logs()) expect(log).toEqual(upTo(10).filter((id) => log.includes(id)));
  });

  test("of a topic that refuses everything for good are no dead letters, and come in order when it is mended", async () => {
    const { standsStill, start, until, postBad, fault, bad, parked, letters, clock } = setUp();
    start();
    await standsStill({ kind: "fatal", code: "invalid_record", deadLetterClass: "rejected" });
    await postBad(upTo(20));
    await until(() => parked() === 20, 20_000);
    await clock.advance(30_000);
    fault(null);
    await until(() => bad().length === 20, 60_000);
    expect([bad(), letters()]).toEqual([upTo(20), []]);
  });
});
