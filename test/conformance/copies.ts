import {
  type Copies,
  copyKeyOf,
  type Ledger,
  type Named,
  type OutboxDrain,
  type OutboxTier,
  type ShardChunk,
  type ShardCounts,
  systemClock,
} from "@spillway/event";
import { describe, expect, onTestFinished, test } from "vitest";
import { chunkOf, freshNames, hexOf } from "./chunks.ts";

/** Copies, and the tier and the drain of the outbox beside which they are; all empty. */
export type CopiesSubject = {
  readonly copies: Copies;
  readonly tier: OutboxTier;
  readonly drain: OutboxDrain;
  readonly ledger: Ledger;
  /** From now on what was copied is as if from an hour to come, as on a server whose clock is behind. */
  clockGoesBack(): Promise<void>;
  close(): Promise<void>;
};

const DEADLINE_MS = 30_000;
const ALL = Number.POSITIVE_INFINITY;

/** A chunk of which a copy is to be kept; no other has its key. */
const copied = (shard: number, count = 1): ShardChunk => {
  const bytes = Uint8Array.from([1, 2, ...crypto.getRandomValues(new Uint8Array(60))]);
  return chunkOf(shard, freshNames(count), bytes);
};
/** The same, and what it is in the stream. */
const numbered = (writer: string, floor: number, count = 1): ShardChunk => ({
  ...copied(0, count),
  from: { writer, floor },
});
const named = (writer: string, from: number, below: number): Named => ({ writer, numbers: [from, below] });
const keyOf = ({ chunk }: ShardChunk): string => copyKeyOf(chunk) as string;

const noCounts: ShardCounts = {
  epoch: null,
  accepted: 0,
  duplicate: 0,
  relayed: 0,
  dead: 0,
  parked: 0,
  backlogBytes: 0,
  totals: [],
  isEmpty: false,
};

/** What every pair of `OutboxTier.copy` and `Copies` must do. `make` is called once a test. */
export const copiesConformance = (name: string, make: () => Promise<CopiesSubject>): void => {
  describe(`${name} as the keeper of copies`, () => {
    const open = async () => {
      const subject = await make();
      onTestFinished(() => subject.close());
      const { copies, tier } = subject;
      const copy = (...chunks: readonly ShardChunk[]) => tier.copy(chunks, DEADLINE_MS);
      const read = (shard: number, after = "0", copiesMax = 100) => copies.read(shard, after, copiesMax, ALL);
      const kept = async (shard: number) => (await read(shard)).map(hexOf);
      /** Of each writer the numbers that have met their end. */
      const ended = async () => {
        const lease = { shard: 0, owner: "owner", token: 1 };
        const { writers } = await subject.ledger.checkpoint(lease, 1, { counts: noCounts, losses: null });
        return Object.fromEntries(writers.map((row) => [row.writer, row.ended]));
      };
      return { ...subject, copy, read, kept, ended };
    };

    test("holds what was copied, whole, in its order, by shard, and apart from the outbox", async () => {
      const { copy, read, copies, tier } = await open();
      const [a, b, c, d] = [copied(0, 2), copied(0), copied(0), copied(1)];
      expect(await copy(a, d)).toEqual([
        { kind: "ok", duplicates: [] },
        { kind: "ok", duplicates: [] },
      ]);
      await copy(b);
      await copy(c);
      const all = await read(0);
      expect(all.map(hexOf)).toEqual([a, b, c].map(hexOf));
      expect(all.map(({ key }) => key)).toEqual([a, b, c].map(keyOf));
      expect(all.map(({ events, shard }) => [events, shard])).toEqual([
        [2, 0],
        [1, 0],
        [1, 0],
      ]);
      expect((await read(0, all[0]?.id, 1)).map(hexOf)).toEqual([hexOf(b)]);
      expect(await copies.occupied([0, 1, 2], DEADLINE_MS)).toEqual([0, 1]);
      expect(await tier.occupied([0, 1], DEADLINE_MS)).toEqual([]);
      const bytes = [a, b, c, d].reduce((sum, { chunk }) => sum + chunk.length, 0);
      expect(await copies.size(DEADLINE_MS)).toMatchObject({ events: 5, bytes, oldestAtMs: expect.any(Number) });
    });

    test("keeps none of a chunk that has no key", async () => {
      const { tier, kept } = await open();
      await expect(tier.copy([chunkOf(0, freshNames(1), Uint8Array.of(1, 0))], DEADLINE_MS)).rejects.toThrow(
        RangeError,
      );
      expect(await kept(0)).toEqual([]);
    });

    test("forgets what was settled, by its key, and may be told twice", async () => {
      const { copy, copies, kept } = await open();
      const [a, b] = [copied(0), copied(0)];
      await copy(a);
      await copy(b);
      await copies.settled([keyOf(a), keyOf(copied(0))]);
      await copies.settled([keyOf(a)]);
      expect(await kept(0)).toEqual([hexOf(b)]);
      await copies.settled([]);
      expect(await kept(0)).toEqual([hexOf(b)]);
    });

    test("a chunk that goes to the outbox after all takes its copy away", async () => {
      const { copy, tier, kept } = await open();
      const [a, b] = [copied(0), copied(0)];
      await copy(a);
      await copy(b);
      await tier.append([a], DEADLINE_MS);
      expect(await kept(0)).toEqual([hexOf(b)]);
      expect(await tier.occupied([0], DEADLINE_MS)).toEqual([0]);
    });

    test("and of two equal ones, of two edges, only the newer: the other's events have their place", async () => {
      const { copy, tier, read } = await open();
      const [a, b] = [copied(0), copied(0)];
      for (const one of [a, b, a]) await copy(one);
      const [first] = await read(0);
      await tier.append([a], DEADLINE_MS);
      expect((await read(0)).map(hexOf)).toEqual([a, b].map(hexOf));
      expect((await read(0))[0]?.id).toBe(first?.id);
    });

    test("rows of the outbox become copies in their place, and stay until they are drained", async () => {
      const { copy, copies, tier, drain, read } = await open();
      const [first, second, newer, together] = [copied(0), copied(0), copied(0), copied(0)];
      await tier.append([first], DEADLINE_MS);
      await tier.append([second], DEADLINE_MS);
      await copy(newer);
      await drain.drain({ shard: 0, token: 1 }, 10, async (rows) => {
        for (const key of [keyOf(first), keyOf(together)])
          await copies.keep(rows.map(({ id }) => ({ id, shard: 0, key })));
        expect(await tier.occupied([0], DEADLINE_MS)).toEqual([0]);
        return rows.length;
      });
      const all = await read(0);
      expect(all.map(hexOf)).toEqual([first, second, newer].map(hexOf));
      expect(all.map(({ key }) => key)).toEqual([together, together, newer].map(keyOf));
      expect(await tier.occupied([0], DEADLINE_MS)).toEqual([]);
      await copies.settled([keyOf(together)]);
      expect((await read(0)).map(hexOf)).toEqual([hexOf(newer)]);
    });

    test("copies get another key, or go, by their ids", async () => {
      const { copy, copies, read, kept } = await open();
      const [a, b, c] = [copied(0), copied(0), copied(0)];
      for (const one of [a, b, c]) await copy(one);
      const ids = (await read(0)).map(({ id }) => id);
      await copies.rekey(ids.slice(0, 2).map((id) => ({ id, shard: 0, key: keyOf(c) })));
      expect((await read(0)).map(({ key }) => key)).toEqual([c, c, c].map(keyOf));
      await copies.remove([ids[1] as string]);
      expect(await kept(0)).toEqual([a, c].map(hexOf));
    });

    test("a copy that goes, however it goes, ends the numbers that it named", async () => {
      const { copy, copies, read, ended } = await open();
      const [a, b, c] = [numbered("w1", 4, 2), numbered("w1", 6), numbered("w2", 0, 3)];
      for (const one of [a, b, c, copied(0)]) await copy(one);
      await copies.settled([keyOf(a), keyOf(c)]);
      expect(await ended()).toEqual({ w1: [[4, 6]], w2: [[0, 3]] });
      await copies.remove((await read(0)).map(({ id }) => id));
      expect(await ended()).toEqual({ w1: [[4, 7]], w2: [[0, 3]] });
    });

    test("one that is given other numbers ends those that it named before, and names these", async () => {
      const { copy, copies, read, ended } = await open();
      const [a, b] = [numbered("w1", 4), numbered("w1", 5)];
      for (const one of [a, b]) await copy(one);
      const [first, second] = await read(0);
      await copies.rekey([
        { id: first?.id ?? "", shard: 0, key: keyOf(a), named: named("relay", 8, 9) },
        { id: second?.id ?? "", shard: 0, key: keyOf(b) },
      ]);
      expect(await ended()).toEqual({ w1: [[4, 5]] });
      await copies.settled([a, b].map(keyOf));
      expect(await ended()).toEqual({ w1: [[4, 6]], relay: [[8, 9]] });
    });

    test("numbers for a copy that has gone meanwhile have met their end, and it does not come back", async () => {
      const { copies, copy, tier, drain, read, kept, ended } = await open();
      const [a, b] = [numbered("w1", 4), numbered("w1", 5)];
      await copy(a);
      await copy(b);
      const [first, second] = (await read(0)).map(({ id }) => id) as [string, string];
      await copies.settled([keyOf(a)]);
      await copies.rekey([
        { id: first, shard: 0, key: keyOf(a), named: named("relay", 0, 1) },
        { id: second, shard: 0, key: keyOf(b), named: named("relay", 1, 2) },
      ]);
      expect(await kept(0)).toEqual([hexOf(b)]);
      expect(await ended()).toEqual({ w1: [[4, 6]], relay: [[0, 1]] });
      await tier.append([a], DEADLINE_MS);
      let moved = "";
      await drain.drain({ shard: 0, token: 1 }, 10, async (rows) => {
        moved = rows[0]?.id ?? "";
        return rows.length;
      });
      await copies.keep([{ id: moved, shard: 0, key: keyOf(a), named: named("relay", 2, 3) }]);
      expect(await kept(0)).toEqual([hexOf(b)]);
      expect(await ended()).toMatchObject({
        relay: [
          [0, 1],
          [2, 3],
        ],
      });
    });

    test("one that was restored before its chunk goes to the outbox ends what it names by then", async () => {
      const { copies, copy, tier, read, ended } = await open();
      const a = numbered("w1", 4);
      await copy(a);
      const [{ id } = { id: "" }] = await read(0);
      await copies.rekey([{ id, shard: 0, key: keyOf(a), named: named("relay", 8, 9) }]);
      await tier.append([a], DEADLINE_MS);
      expect(await ended()).toEqual({ w1: [[4, 5]], relay: [[8, 9]] });
    });

    test("a row names what its append that nobody answered for may have been, and hands it on to its copy", async () => {
      const { copies, copy, tier, drain, read, ended } = await open();
      const [a, b, c] = [numbered("w1", 4), numbered("w1", 5), numbered("w1", 6)];
      await copy(a);
      for (const one of [a, b, c]) await tier.append([one], DEADLINE_MS);
      await drain.drain({ shard: 0, token: 1 }, 10, async (rows) => {
        const [first, second, third] = rows.map(({ id }) => id) as [string, string, string];
        await copies.keep([
          { id: first, shard: 0, key: keyOf(a) },
          { id: second, shard: 0, key: keyOf(b), named: named("relay", 0, 1) },
          { id: third, shard: 0, key: keyOf(c), named: named("relay", 1, 2) },
        ]);
        expect(await ended()).toEqual({ w1: [[4, 7]] });
        await copies.keep([
          { id: first, shard: 0, key: keyOf(a) },
          { id: second, shard: 0, key: keyOf(b) },
          { id: third, shard: 0, key: keyOf(c), named: named("relay", 7, 8) },
        ]);
        return rows.length;
      });
      expect(await ended()).toEqual({ w1: [[4, 7]], relay: [[1, 2]] });
      await copies.remove((await read(0)).map(({ id }) => id));
      expect(await ended()).toEqual({
        w1: [[4, 7]],
        relay: [
          [0, 2],
          [7, 8],
        ],
      });
    });

    test("tells the young from the old", async () => {
      const { copy, copies, read } = await open();
      await copy(copied(0));
      await copy(copied(0));
      const last = (await read(0)).at(-1)?.id;
      await systemClock.sleep(5);
      expect(await copies.newest(0, 60_000)).toBe(null);
      expect(await copies.newest(0, 0)).toBe(last);
      expect(await copies.newest(1, 0)).toBe(null);
      expect(await copies.read(0, "0", 10, 60_000)).toHaveLength(2);
      expect(await copies.read(0, "0", 10, 1)).toEqual([]);
    });

    test("of whatever age, by a clock that went back, too", async () => {
      const { copy, copies, read, clockGoesBack } = await open();
      await copy(copied(0));
      await copy(copied(0));
      await clockGoesBack();
      expect(await copies.newest(0, null)).toBe((await read(0)).at(-1)?.id);
      expect(await copies.newest(1, null)).toBe(null);
      expect(await copies.newest(0, 0)).toBe(null);
      expect(await copies.read(0, "0", 10, 1)).toHaveLength(2);
    });
  });
};
