import { lossesOf, possibleLossesOf } from "@spillway/event";
import { acknowledgeLoss, createLedger, createOutboxInspector, createOutboxTier } from "@spillway/outbox";
import { describe, expect, test } from "vitest";
import { chunkOf, freshNames } from "../conformance/chunks.ts";
import { freshEach } from "./fresh-database.ts";

const DEADLINE_MS = 30_000;

const fresh = freshEach();

/** Rows of `events` 3 whose chunks have `bytes`, spread over four shards. */
const fill = (rows: number, bytes: number) => fresh.admin`
  insert into outbox (shard, chunk, events, bytes)
  select n % 4, decode(repeat('ab', ${bytes}), 'hex'), 3, ${bytes} from generate_series(1, ${rows}) as n`;

const nearly = (value: number, share: number) => ({ low: value * (1 - share), high: value * (1 + share) });

describe("how much waits", () => {
  test("is exact while the table is small", async () => {
    await fill(2_000, 300);
    const tier = createOutboxTier(fresh);
    expect(await tier.size(DEADLINE_MS)).toMatchObject({ events: 6_000, bytes: 600_000 });
  });

  test("is a close estimate when it is large, and again when most of it was drained", async () => {
    await fill(60_000, 1_500);
    const tier = createOutboxTier(fresh);
    for (const left of [60_000, 20_000]) {
      await fresh.admin`delete from outbox where id <= ${60_000 - left}`;
      const size = await tier.size(DEADLINE_MS);
      const { low, high } = nearly(left * 3, 0.3);
      expect(size.events).toBeGreaterThan(low);
      expect(size.events).toBeLessThan(high);
      expect(size.bytes / size.events).toBeCloseTo(500, 0);
      expect(size.oldestAtMs).toBeGreaterThan(0);
    }
  });

  test("reads a bounded number of pages however large it is", async () => {
    await fill(60_000, 1_500);
    await fresh.admin.unsafe("vacuum analyze outbox");
    const [{ "QUERY PLAN": plan } = { "QUERY PLAN": [] }] = await fresh.admin.unsafe<{ "QUERY PLAN": unknown[] }[]>(`
      explain (analyze, buffers, format json) select sum(events) from outbox tablesample system (
        100 * (select least(1, 1000.0 / greatest(1, pg_relation_size('outbox') / 8192))))`);
    const { Plan: total } = plan[0] as { Plan: { "Shared Hit Blocks": number; "Shared Read Blocks": number } };
    expect(total["Shared Hit Blocks"] + total["Shared Read Blocks"]).toBeLessThan(1_500);
  });
});

describe("the inspector", () => {
  test("shows the shards that have rows, their sums and their oldest", async () => {
    const inspector = createOutboxInspector(fresh);
    expect(await inspector.shards(DEADLINE_MS)).toEqual([]);
    const tier = createOutboxTier(fresh);
    const [a, b, c] = [chunkOf(1, freshNames(2)), chunkOf(1, freshNames(3)), chunkOf(7, freshNames(4))];
    await tier.append([a], DEADLINE_MS);
    await tier.append([b, c], DEADLINE_MS);
    const { oldestAtMs } = await tier.size(DEADLINE_MS);
    expect(await inspector.shards(DEADLINE_MS)).toEqual([
      { shard: 1, rows: 2, events: 5, exact: true, oldestAtMs },
      { shard: 7, rows: 1, events: 4, exact: true, oldestAtMs: expect.any(Number) },
    ]);
  });

  test("estimates sums of large shards and says so", async () => {
    await fill(40_000, 1_500);
    const shards = await createOutboxInspector(fresh).shards(DEADLINE_MS);
    expect(shards.map(({ shard }) => shard)).toEqual([0, 1, 2, 3]);
    const { low, high } = nearly(10_000, 0.3);
    for (const { rows, events, exact } of shards) {
      expect(exact).toBe(false);
      expect(rows).toBeGreaterThan(low);
      expect(rows).toBeLessThan(high);
      expect(Math.abs(events - 3 * rows)).toBeLessThanOrEqual(3);
    }
  });

  test("shows a shard also when the pages that are read hold none of its rows", async () => {
    await fill(40_000, 1_500);
    // Far from each other: that all eight are in the eighth of the pages that is read happens once in 17 million times.
    await fresh.admin`update outbox set shard = 8 + id / 5000 where id % 5000 = 1`;
    const shards = await createOutboxInspector(fresh).shards(DEADLINE_MS);
    expect(shards.map(({ shard }) => shard)).toEqual([0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15]);
    expect(shards).toContainEqual(expect.objectContaining({ rows: 0, events: 0 }));
  });

  test("tells what Redis lost of all shards until an operator has acknowledged it, and then what is lost besides", async () => {
    const [ledger, inspector] = [createLedger(fresh), createOutboxInspector(fresh)];
    const counts = { epoch: "e", accepted: 9, duplicate: 1, relayed: 5, dead: 2, parked: 0, backlogBytes: 77 };
    let sequence = 0;
    const look = async (shard: number) => {
      const lease = { shard, owner: "a", token: 1 };
      const copy = { counts: { ...counts, totals: [], isEmpty: false }, losses: null };
      const { writers } = await ledger.checkpoint(lease, ++sequence, copy);
      const found = { losses: lossesOf(writers, []), possible: possibleLossesOf(writers, []) };
      await ledger.checkpoint(lease, ++sequence, { ...copy, ...found });
    };
    const lost = () => inspector.unaccounted(DEADLINE_MS);
    expect([await lost(), await acknowledgeLoss(fresh.database, "ann", DEADLINE_MS)]).toEqual([0, 0]);
    await ledger.record([{ shard: 0, writer: "w", acknowledged: 9, ended: [[0, 5]] }], DEADLINE_MS);
    await ledger.record([{ shard: 3, writer: "w", acknowledged: 2, ended: [] }], DEADLINE_MS);
    for (const shard of [0, 3]) await look(shard);
    expect(await lost()).toBe(6);
    expect(await acknowledgeLoss(fresh.database, "ann", DEADLINE_MS)).toBe(6);
    expect(await lost()).toBe(0);
    for (const shard of [0, 3]) await look(shard);
    expect(await lost()).toBe(0);
    await ledger.record([{ shard: 3, writer: "w", acknowledged: 5, ended: [] }], DEADLINE_MS);
    for (const shard of [0, 3]) await look(shard);
    expect(await acknowledgeLoss(fresh.database, "bob", DEADLINE_MS)).toBe(3);
    const noted = await fresh.admin`
      select shard, events::int, actor from loss_acknowledgements where created_at <= now() order by id`;
    expect([...noted]).toEqual([
      { shard: 0, events: 4, actor: "ann" },
      { shard: 3, events: 2, actor: "ann" },
      { shard: 3, events: 3, actor: "bob" },
    ]);

    const seen = { counts: { ...counts, totals: [["w", 9] as const], isEmpty: false }, losses: null };
    await ledger.checkpoint({ shard: 3, owner: "a", token: 1 }, ++sequence, seen);
    await look(3);
    expect([await lost(), await acknowledgeLoss(fresh.database, "eve", DEADLINE_MS)]).toEqual([0, 4]);
    await look(3);
    expect(await acknowledgeLoss(fresh.database, "eve", DEADLINE_MS)).toBe(0);
  });
});
