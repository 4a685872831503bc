import { describe, expect, test } from "vitest";
import { TOPIC } from "../stage.fixture.ts";
import { BAD, FORBIDDEN, setUp, upTo } from "./lots.fixture.ts";

describe("parked events whose mark is lost", () => {
  test("come before what is newer when Redis was emptied, with the marks, and its owner died", async () => {
    const { standsStill, start, until, postBad, fault, world, bad, parked, marks, clock } = setUp();
    const { kill } = start();
    await standsStill(FORBIDDEN);
    await postBad(upTo(3));
    await until(() => parked() === 3, 10_000);
    await clock.advance(1_000);
    kill();
    world.streams.empty();
    expect(marks()).toEqual([]);
    fault(null);
    await postBad(upTo(3, 3));
    start("r2");
    await until(() => bad().length === 6, 60_000);
    expect(bad()).toEqual(upTo(6));
  });

  test.each([
    ["before it was marked", 0],
    ["long after that, and was told another topic's mark", 3],
  ])("come before what is newer when Redis goes back to %s, and their owner died", async (_when, already) => {
    const { standsStill, start, until, postBad, fault, world, bad, parked, marks, clock } = setUp();
    const { kill } = start();
    await standsStill(FORBIDDEN);
    const goBack = world.streams.remember();
    await postBad(upTo(3));
    await until(() => parked() === 3, 10_000);
    await clock.advance(1_000);
    kill();
    goBack();
    if (already > 0) {
      const lease = await world.leases.take(0, "between", 100);
      if (lease) await world.shardStream.park(lease, ["other"], "begin");
      await clock.advance(200);
    }
    expect(marks()).not.toContain(BAD);
    fault(null);
    await postBad(upTo(3, 3));
    start("r2");
    await until(() => new Set(bad()).size === 6, 60_000);
    expect([...new Set(bad())]).toEqual(upTo(6));
  });

  test("are told to a server that takes the place of another, so that the next owner needs no Postgres to know of them", async () => {
    const { standsStill, start, until, post, postBad, fault, world, ids, bad, parked, marks, clock } = setUp();
    const { kill } = start();
    await standsStill(FORBIDDEN);
    await post(["loads"]);
    await until(() => ids().length === 1);
    await postBad(upTo(3));
    await until(() => parked() === 3, 10_000);
    await clock.advance(1_000);
    world.streams.remember()();
    await clock.advance(2_000);
    kill();
    world.outages.start("postgres", "unreachable");
    await postBad(upTo(3, 3));
    fault(null);
    start("r2");
    await post(["good"]);
    await until(() => ids().length === 2, 20_000);
    expect([marks(), bad()]).toEqual([[BAD], []]);
    world.outages.end("postgres");
    await until(() => bad().length === 6, 60_000);
    expect(bad()).toEqual(upTo(6));
  });

  test("of a Redis that went back while Postgres is away: nothing is relayed before it says what is parked", async () => {
    const { start, until, post, ids, world, clock } = setUp();
    const { kill } = start();
    await post(["one"]);
    await until(() => ids().length === 1);
    kill();
    world.streams.remember()();
    world.outages.start("postgres", "unreachable");
    await post(["two"]);
    const next = start("r2");
    await clock.advance(20_000);
    expect(ids()).not.toContain("two");
    expect(next.relay.state().troubles).toContainEqual(expect.objectContaining({ state: "parking", shard: 0 }));
    world.outages.end("postgres");
    await until(() => ids().includes("two"), 20_000);
    // An owner that saw the server change has told it that there is nothing.
    world.streams.remember()();
    await clock.advance(10_000);
    await next.stop();
    world.outages.start("postgres", "unreachable");
    await post(["three"]);
    const third = start("r3");
    await until(() => ids().includes("three"), 20_000);
    third.kill();
    // Of a single topic nothing is ever parked.
    world.streams.remember()();
    await post(["four"]);
    start("r4", { topicNames: [TOPIC] });
    await until(() => ids().includes("four"), 20_000);
  });
});
