import type { Ledger, ShardCounts } from "@spillway/event";
import { describe, expect, onTestFinished, test } from "vitest";

/** A ledger on an empty backend of its own. */
export type LedgerSubject = { readonly ledger: Ledger; close(): Promise<void> };

const counts = (accepted: number, relayed: number, fields: Partial<ShardCounts> = {}): ShardCounts => ({
  epoch: "first",
  accepted,
  duplicate: 0,
  relayed,
  dead: 0,
  parked: 0,
  backlogBytes: 100 * (accepted - relayed),
  ...fields,
});

/** What every `Ledger` must do. `make` is called once a test. */
export const ledgerConformance = (name: string, make: () => Promise<LedgerSubject>): void => {
  describe(`${name} as the ledger`, () => {
    const open = async () => {
      const subject = await make();
      onTestFinished(() => subject.close());
      const { ledger } = subject;
      let last = 0;
      return async (copy: ShardCounts, shard = 0, token = 1, sequence = ++last) =>
        (await ledger.checkpoint({ shard, owner: "owner", token }, sequence, copy)).unaccounted;
    };

    test("misses nothing at the first copy, and nothing while counters grow", async () => {
      const checkpoint = await open();
      expect(await checkpoint(counts(10, 2))).toBe(0);
      expect(await checkpoint(counts(10, 2))).toBe(0);
      expect(await checkpoint(counts(25, 20, { dead: 3, duplicate: 4 }))).toBe(0);
      expect(await checkpoint(counts(25, 22, { dead: 3, duplicate: 4 }))).toBe(0);
    });

    test("misses what was pending when the stream is born again", async () => {
      const checkpoint = await open();
      await checkpoint(counts(100, 60, { dead: 10 }));
      expect(await checkpoint(counts(5, 5, { epoch: "second" }))).toBe(30);
      expect(await checkpoint(counts(8, 5, { epoch: "second" }))).toBe(30);
    });

    test("misses what was pending when the stream is not there any more", async () => {
      const checkpoint = await open();
      await checkpoint(counts(7, 3));
      expect(await checkpoint(counts(0, 0, { epoch: null }))).toBe(4);
      expect(await checkpoint(counts(0, 0, { epoch: null }))).toBe(4);
      expect(await checkpoint(counts(6, 1, { epoch: "second" }))).toBe(4);
      expect(await checkpoint(counts(0, 0, { epoch: "third" }))).toBe(9);
    });

    test("misses nothing of a stream that had no pending event", async () => {
      const checkpoint = await open();
      await checkpoint(counts(50, 49, { dead: 1 }));
      expect(await checkpoint(counts(0, 0, { epoch: "second" }))).toBe(0);
    });

    test.each(["second", null])(
      "misses it also when the new counters (epoch %j) are past the old ones",
      async (epoch) => {
        const checkpoint = await open();
        await checkpoint(counts(10, 4));
        expect(await checkpoint(counts(30, 30, { epoch }))).toBe(6);
      },
    );

    test("misses the difference when less is accepted in the same epoch and all else is as it was", async () => {
      const checkpoint = await open();
      await checkpoint(counts(10, 4));
      expect(await checkpoint(counts(8, 4))).toBe(2);
      expect(await checkpoint(counts(8, 4))).toBe(2);
    });

    test("misses what was pending when counters of the same epoch fall back to their start", async () => {
      const checkpoint = await open();
      await checkpoint(counts(10, 4));
      expect(await checkpoint(counts(1, 1))).toBe(6);
    });

    test.each([
      ["relayed", { dead: 3 }, 5],
      ["dead", { dead: 2 }, 6],
    ] as const)("misses what was pending when less is %s and all else is as it was", async (_, fields, relayed) => {
      const checkpoint = await open();
      await checkpoint(counts(20, 6, { dead: 3 }));
      expect(await checkpoint(counts(20, relayed, fields))).toBe(11);
    });

    test("is not moved by a copy that comes behind a later one, of the same lease or of a newer", async () => {
      const checkpoint = await open();
      await checkpoint(counts(20, 10), 0, 7, 2);
      expect(await checkpoint(counts(10, 5), 0, 7, 1)).toBe(0);
      expect(await checkpoint(counts(9, 5), 0, 6, 99)).toBe(0);
      expect(await checkpoint(counts(0, 0, { epoch: "second" }), 0, 8, 1)).toBe(10);
      expect(await checkpoint(counts(30, 10), 0, 7, 3)).toBe(10);
      expect(await checkpoint(counts(4, 4, { epoch: "second" }), 0, 8, 2)).toBe(10);
    });

    test("tells whose copy comes behind a later one the token of that", async () => {
      const subject = await make();
      onTestFinished(() => subject.close());
      const checkpoint = async (token: number, sequence: number) => {
        const lease = { shard: 0, owner: "owner", token };
        const { token: newest, late } = await subject.ledger.checkpoint(lease, sequence, counts(1, 1));
        return [newest, late];
      };
      expect(await checkpoint(9_000_000_000_000_000, 2)).toEqual([9_000_000_000_000_000, false]);
      expect(await checkpoint(7, 3)).toEqual([9_000_000_000_000_000, true]);
      expect(await checkpoint(9_000_000_000_000_000, 1)).toEqual([9_000_000_000_000_000, true]);
      expect(await checkpoint(9_000_000_000_000_001, 1)).toEqual([9_000_000_000_000_001, false]);
    });

    test("keeps shards apart", async () => {
      const checkpoint = await open();
      await checkpoint(counts(10, 4), 0);
      await checkpoint(counts(10, 9), 1);
      expect(await checkpoint(counts(0, 0, { epoch: "second" }), 0)).toBe(6);
      expect(await checkpoint(counts(11, 10), 1)).toBe(0);
      expect(await checkpoint(counts(0, 0, { epoch: "second" }), 1)).toBe(1);
      // Of copies that come behind a later one.
      expect([await checkpoint(counts(1, 1), 0, 0), await checkpoint(counts(1, 1), 1, 0)]).toEqual([6, 1]);
    });

    test("holds counters that no 32-bit integer does", async () => {
      const checkpoint = await open();
      await checkpoint(counts(9_000_000_000_000, 8_999_999_999_000));
      expect(await checkpoint(counts(0, 0, { epoch: "second" }))).toBe(1_000);
    });
  });
};
