import { describe, expect, test } from "vitest";
import { createStage } from "./stage.fixture.ts";

const down = () => ({ kind: "retriable", code: "connection_failed" }) as const;

describe("what is told as lost", () => {
  test("is what was accepted while no relay ran and went with an emptied Redis", async () => {
    const stage = createStage();
    const { stop } = stage.start("r1");
    await stage.post(["a"]);
    await stage.until(() => stage.ids().length === 1);
    await stop();
    await stage.post(["b", "c", "d"]);
    stage.world.streams.empty();
    stage.start("r2");
    await stage.until(() => stage.world.ledger.unaccounted(0) === 3);
    await stage.clock.advance(5_000);
    expect(stage.world.ledger.unaccounted(0)).toBe(3);
    expect(stage.logged("events.unaccounted").map(({ fields }) => fields.events)).toEqual([3]);
  });

  test("is what was gone before newer events came, and is told though these are more", async () => {
    const stage = createStage();
    stage.broker.answer = down;
    await stage.post(["a"]);
    const bringBack = stage.world.streams.remember();
    await stage.post(["b", "c"]);
    bringBack();
    await stage.post(["d", "e", "f", "g"]);
    stage.broker.answer = () => null;
    stage.start("r1");
    await stage.until(() => stage.ids().length === 5);
    await stage.until(() => stage.world.ledger.unaccounted(0) === 2);
  });

  test("falls again when what was in hand gets through", async () => {
    const stage = createStage();
    stage.broker.latencyMs = 6_000;
    stage.start("r1");
    await stage.post(["a", "b"]);
    await stage.clock.advance(3_000);
    stage.world.streams.empty();
    await stage.until(() => stage.world.ledger.unaccounted(0) === 2, 2_500);
    await stage.until(() => stage.ids().length === 2);
    await stage.until(() => stage.world.ledger.unaccounted(0) === 0);
  });

  test("is nothing when all had got through before, whichever relay saw it", async () => {
    const stage = createStage();
    const first = stage.start("r1");
    await stage.post(["a", "b"]);
    await stage.until(() => stage.world.streams.counts(0).isEmpty);
    first.kill();
    stage.start("r2");
    await stage.until(() => stage.logged("lease.taken").length === 2);
    await stage.clock.advance(3_000);
    stage.world.streams.empty();
    await stage.clock.advance(20_000);
    expect(stage.world.ledger.unaccounted(0)).toBe(0);
  });

  test("is what the drain moved into a stream that was lost, and not what waits in the outbox", async () => {
    const stage = createStage();
    stage.broker.answer = down;
    const { kill } = stage.start("r1");
    stage.postToOutbox(["a", "b"]);
    await stage.until(() => stage.world.outbox.rows(0).length === 0);
    kill();
    stage.world.streams.empty();
    stage.postToOutbox(["c"]);
    stage.broker.answer = () => null;
    stage.start("r2");
    await stage.until(() => stage.ids().length === 1);
    await stage.until(() => stage.world.ledger.unaccounted(0) === 2);
  });

  test("is what Postgres lost of the outbox when it went back, but for what had been brought into the stream by then", async () => {
    const stage = createStage();
    const { outboxTier, ledger, outages, rememberPostgres } = stage.world;
    const put = async (id: string, floor: number) =>
      (await outboxTier.append([{ ...stage.chunkOf([id], false), putBy: { writer: "e1", floor } }], 100))[0]?.kind;
    const { shard } = stage.chunkOf(["a"], false);
    const tell = () => ledger.record([{ shard, writer: "e1", acknowledged: 3, ended: [] }], 100);
    const bringBack = rememberPostgres();
    expect(await put("a", 0)).toBe("ok");
    stage.start("r1");
    await stage.until(() => stage.ids().length === 1);
    outages.start("redis");
    expect([await put("b", 1), await put("c", 2)]).toEqual(["ok", "ok"]);
    await tell();
    bringBack();
    expect(await put("d", 3)).toBe("behind");
    await tell();
    outages.end("redis");
    await stage.until(() => ledger.unaccounted(shard) === 2);
    await stage.clock.advance(5_000);
    expect(ledger.unaccounted(shard)).toBe(2);
  });

  test("is nothing that got through, though Postgres has forgotten that", async () => {
    const stage = createStage();
    stage.start("r1");
    const bringBack = stage.world.rememberPostgres();
    await stage.post(["a", "b"]);
    await stage.until(() => stage.world.streams.counts(0).isEmpty);
    await stage.clock.advance(3_000);
    bringBack();
    await stage.post(["c"]);
    stage.world.streams.empty();
    await stage.clock.advance(20_000);
    expect(stage.world.ledger.unaccounted(0)).toBe(0);
  });

  test("is nothing that got through, though Redis has forgotten its writer, and Postgres how it ended", async () => {
    const stage = createStage();
    const { ledger, streams, rememberPostgres } = stage.world;
    stage.start("r1");
    const bringBack = rememberPostgres();
    await stage.post(["a", "b"]);
    const [[writer] = [""]] = streams.counts(0).totals;
    const tell = () => ledger.record([{ shard: 0, writer, acknowledged: 2, ended: [], givenUp: true }], 100);
    await tell();
    await stage.until(() => streams.counts(0).totals.length === 0, 200_000);
    await stage.clock.advance(20_000);
    bringBack();
    await tell();
    await stage.clock.advance(20_000);
    expect(ledger.unaccounted(0)).toBe(0);
  });

  test("stays told of writers that are parted with a day later", async () => {
    const stage = createStage();
    const { stop } = stage.start("r1");
    await stage.post(["a"]);
    stage.world.streams.empty();
    await stage.post(["b"]);
    await stage.until(() => stage.world.ledger.unaccounted(0) === 1);
    await stop();
    await stage.clock.advance(26 * 3_600_000);
    stage.start("r2");
    await stage.clock.advance(10_000);
    expect([stage.world.ledger.unaccounted(0), stage.world.streams.counts(0).totals]).toEqual([1, []]);
    const lease = { shard: 0, owner: "looks", token: 0 };
    const copy = { counts: stage.world.streams.counts(0), losses: null };
    expect(await stage.world.ledger.checkpoint(lease, 0, copy)).toMatchObject({ writers: [], folded: 1 });
  });
});
