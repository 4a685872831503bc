import type { OutboxTier, ShardChunk } from "@spillway/event";
import { describe, expect, onTestFinished, test } from "vitest";
import { chunkOf, freshNames } from "./chunks.ts";

/** An insert that somebody else has not committed yet. */
export type OpenInsert = { commit(): Promise<void>; rollback(): Promise<void> };

/** An outbox tier on an empty backend of its own. */
export type OutboxTierSubject = {
  readonly tier: OutboxTier;
  /** Inserts beside the tier, in a transaction that stays open. */
  begin(chunk: ShardChunk): Promise<OpenInsert>;
  /** The server is one that has had nothing yet, and gives the same ids again. */
  goBack(): Promise<void>;
  /** Removes all rows of a shard. */
  clear(shard: number): Promise<void>;
  close(): Promise<void>;
};

const DEADLINE_MS = 30_000;

/** What every `OutboxTier` must do besides being a `Tier`. `make` is called once a test. */
export const outboxTierConformance = (name: string, make: () => Promise<OutboxTierSubject>): void => {
  describe(`${name} as the edge's outbox`, () => {
    const open = async () => {
      const subject = await make();
      onTestFinished(() => subject.close());
      const { tier } = subject;
      const append = (...chunks: readonly ShardChunk[]) => tier.append(chunks, DEADLINE_MS);
      const occupied = async (...shards: readonly number[]) =>
        [...(await tier.occupied(shards, DEADLINE_MS))].sort((a, b) => a - b);
      return { ...subject, append, occupied };
    };

    test("holds nothing at first", async () => {
      const { tier, occupied } = await open();
      expect(await occupied(0, 1, 2, 3)).toEqual([]);
      expect(await tier.size(DEADLINE_MS)).toEqual({ events: 0, bytes: 0, oldestAtMs: null });
    });

    test("shows its own acknowledged rows at once, of the shards that were asked for", async () => {
      const { append, occupied } = await open();
      await append(chunkOf(0, freshNames(1)), chunkOf(2, freshNames(1)), chunkOf(3, freshNames(1)));
      expect(await occupied(0, 1, 2)).toEqual([0, 2]);
      expect(await occupied(3)).toEqual([3]);
      expect(await occupied(1)).toEqual([]);
      expect(await occupied()).toEqual([]);
    });

    test("frees a shard when its last row is gone", async () => {
      const { append, occupied, clear } = await open();
      for (let i = 0; i < 3; i++) await append(chunkOf(0, freshNames(1)), chunkOf(1, freshNames(1)));
      await clear(0);
      expect(await occupied(0, 1)).toEqual([1]);
    });

    test("sees a row when it is committed and not before", async () => {
      const { begin, occupied, tier } = await open();
      const insert = await begin(chunkOf(1, freshNames(2)));
      expect(await occupied(0, 1)).toEqual([]);
      expect((await tier.size(DEADLINE_MS)).events).toBe(0);
      await insert.commit();
      expect(await occupied(0, 1)).toEqual([1]);
      expect((await tier.size(DEADLINE_MS)).events).toBe(2);
    });

    test("never sees a row that is rolled back", async () => {
      const { begin, occupied } = await open();
      const insert = await begin(chunkOf(1, freshNames(2)));
      await insert.rollback();
      expect(await occupied(0, 1)).toEqual([]);
    });

    test("counts each writer's events, and takes nothing of whom it has had another number", async () => {
      const { append, occupied, goBack } = await open();
      const of = (writer: string, floor: number, shard = 0) => ({
        ...chunkOf(shard, freshNames(2)),
        putBy: { writer, floor },
      });
      const ok = (writer: string, total: number) => ({ kind: "ok", duplicates: [], totals: [[writer, total]] });
      const behind = { kind: "behind" };
      expect(await append(of("a", 0))).toEqual([ok("a", 2)]);
      expect(await append(of("a", 2), of("b", 0, 1))).toEqual([ok("a", 4), ok("b", 2)]);
      expect(await append(of("b", 0))).toEqual([ok("b", 2)]);
      expect(await append(of("a", 2))).toEqual([behind]);
      expect(await append(of("a", 9), of("b", 2, 1))).toEqual([behind, ok("b", 4)]);
      expect(await append(of("c", 1, 2))).toEqual([behind]);
      expect(await occupied(0, 1, 2)).toEqual([0, 1]);
      await goBack();
      expect(await append(of("a", 4), of("b", 4, 1), of("c", 0, 2))).toEqual([behind, behind, ok("c", 2)]);
      expect(await occupied(0, 1, 2)).toEqual([2]);
    });

    test("counts events and the bytes of their chunks, and knows the oldest", async () => {
      const { append, tier, clear } = await open();
      const before = Date.now();
      const [a, b] = [chunkOf(0, freshNames(3)), chunkOf(1, freshNames(4))];
      await append(a, b);
      const after = Date.now();
      const size = await tier.size(DEADLINE_MS);
      expect(size).toMatchObject({ events: 7, bytes: a.chunk.length + b.chunk.length });
      expect(size.oldestAtMs).toBeGreaterThanOrEqual(before - 1);
      expect(size.oldestAtMs).toBeLessThanOrEqual(after + 1);
      await append(chunkOf(0, freshNames(1)));
      expect((await tier.size(DEADLINE_MS)).oldestAtMs).toBe(size.oldestAtMs);
      await clear(0);
      expect(await tier.size(DEADLINE_MS)).toMatchObject({ events: 4, bytes: b.chunk.length });
    });
  });
};
