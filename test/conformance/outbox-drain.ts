import { eventually } from "@spillway/backends/eventually";
import {
  type Ledger,
  lossesOf,
  lostOf,
  type OutboxDrain,
  type OutboxRow,
  type ShardChunk,
  type Tier,
} from "@spillway/event";
import { describe, expect, onTestFinished, test } from "vitest";
import { chunkOf, freshNames, hexOf } from "./chunks.ts";
import type { OpenInsert } from "./outbox-tier.ts";

/** A drain and a tier of one empty outbox of their own. */
export type OutboxDrainSubject = {
  readonly drain: OutboxDrain;
  readonly tier: Pick<Tier, "append">;
  /** Where a drain records. */
  readonly ledger: Ledger;
  /** As of the tier. */
  goBack(): Promise<void>;
  /** Inserts beside the tier, in a transaction that stays open. */
  begin(chunk: ShardChunk): Promise<OpenInsert>;
  close(): Promise<void>;
};

const DEADLINE_MS = 30_000;
const owner = (shard = 0, token = 1) => ({ shard, token });

const copyOf = (ledger: Ledger, sequence: number, token = 1) => {
  const counts = { epoch: null, accepted: 0, duplicate: 0, relayed: 0, dead: 0, parked: 0, backlogBytes: 0 };
  const copy = { counts: { ...counts, totals: [], isEmpty: false }, losses: null };
  return ledger.checkpoint({ shard: 0, owner: "o", token }, sequence, copy);
};

const writersIn = async (ledger: Ledger, sequence: number, token?: number) =>
  (await copyOf(ledger, sequence, token)).writers;

/** What every `OutboxDrain` must do. `make` is called once a test. */
export const outboxDrainConformance = (name: string, make: () => Promise<OutboxDrainSubject>): void => {
  describe(`${name} as the drain's outbox`, () => {
    const open = async () => {
      const subject = await make();
      onTestFinished(() => subject.close());
      const { drain, tier } = subject;
      const append = async (shard: number, count = 1): Promise<ShardChunk[]> => {
        const chunks = Array.from({ length: count }, () => chunkOf(shard, freshNames(2)));
        for (const chunk of chunks) await tier.append([chunk], DEADLINE_MS);
        return chunks;
      };
      const seen: OutboxRow[] = [];
      /** Drains, moving all that is shown unless told how many. */
      const move = (shard: number, rowsMax: number, moved?: number) =>
        drain.drain(owner(shard), rowsMax, async (rows) => {
          seen.splice(0, seen.length, ...rows);
          return moved ?? rows.length;
        });
      return { ...subject, append, move, seen };
    };

    test("moves nothing when nothing is there", async () => {
      const { drain } = await open();
      const move = () => Promise.reject(new Error("must not be called"));
      expect(await drain.drain(owner(), 10, move)).toEqual({ found: 0, removed: 0 });
    });

    test("records in the same step what is to be known once rows are gone, and not when none goes", async () => {
      const { append, drain, ledger } = await open();
      await append(0, 2);
      let acknowledged = 0;
      const move = (moved: number) =>
        drain.drain(
          owner(),
          10,
          async () => {
            acknowledged += moved;
            return moved;
          },
          () => [{ shard: 0, writer: "d1", acknowledged, ended: [] }],
        );
      const known = async (sequence: number) => {
        const writers = await writersIn(ledger, sequence);
        return writers.map((row) => [row.writer, row.acknowledged]);
      };
      await move(0);
      expect(await known(1)).toEqual([]);
      expect(await move(2)).toEqual({ found: 2, removed: 2 });
      expect(await known(2)).toEqual([["d1", 2]]);
    });

    test("says of each row whose it is, and what of a writer is lost only when the outbox has had less of it", async () => {
      const { tier, drain, ledger, goBack, append } = await open();
      for (const floor of [0, 2])
        await tier.append([{ ...chunkOf(0, freshNames(2)), putBy: { writer: "a", floor } }], DEADLINE_MS);
      await append(0);
      let from: OutboxRow["putBy"][] = [];
      await drain.drain(owner(), 10, async (rows) => {
        from = rows.map((row) => row.putBy);
        return 0;
      });
      expect(from).toEqual([["a", 2], ["a", 4], null]);
      const tell = () => ledger.record([{ shard: 0, writer: "a", acknowledged: 4, ended: [] }], DEADLINE_MS);
      await tell();
      expect(await writersIn(ledger, 1)).toMatchObject([{ writer: "a", acknowledged: 0, had: 4 }]);
      await goBack();
      await tell();
      const writers = await writersIn(ledger, 2);
      expect(writers).toMatchObject([{ writer: "a", acknowledged: 4, had: 0 }]);
      expect([lostOf(lossesOf(writers, [])), lostOf(lossesOf(writers, [["a", 2]]))]).toEqual([4, 2]);
    });

    test("removes no row that a server which went back has given the id of one that was moved", async () => {
      const { append, drain, goBack, move, seen } = await open();
      const moved: string[] = [];
      await append(0, 2);
      await drain.drain(owner(), 10, async (rows) => {
        moved.push(...rows.map(({ id }) => id));
        await goBack();
        await append(0, 2);
        return rows.length;
      });
      expect(await move(0, 10)).toEqual({ found: 2, removed: 2 });
      expect(seen.map(({ id }) => id)).toEqual(moved);
    });

    test("shows the oldest rows of one shard in order, whole, and removes what was moved", async () => {
      const { append, move, seen } = await open();
      const chunks = await append(0, 5);
      await append(1, 1);
      expect(await move(0, 3)).toEqual({ found: 3, removed: 3 });
      expect(seen.map(hexOf)).toEqual(chunks.slice(0, 3).map(hexOf));
      expect(seen.every(({ shard, events }) => shard === 0 && events === 2)).toBe(true);
      expect(seen.map(({ id }) => BigInt(id))).toEqual(
        seen.map(({ id }) => BigInt(id)).sort((a, b) => (a < b ? -1 : 1)),
      );
      expect(await move(0, 10)).toEqual({ found: 2, removed: 2 });
      expect(seen.map(hexOf)).toEqual(chunks.slice(3).map(hexOf));
      expect(await move(0, 10)).toEqual({ found: 0, removed: 0 });
      expect(await move(1, 10)).toEqual({ found: 1, removed: 1 });
    });

    test("keeps what was not moved, in its order", async () => {
      const { append, move, seen } = await open();
      const chunks = await append(0, 4);
      expect(await move(0, 10, 0)).toEqual({ found: 4, removed: 0 });
      expect(await move(0, 10, 1)).toEqual({ found: 4, removed: 1 });
      expect(await move(0, 10)).toEqual({ found: 3, removed: 3 });
      expect(seen.map(hexOf)).toEqual(chunks.slice(1).map(hexOf));
    });

    test("keeps everything when the move fails, and shows it again", async () => {
      const { append, move, seen, drain } = await open();
      const chunks = await append(0, 2);
      await expect(drain.drain(owner(), 10, () => Promise.reject(new Error("no luck")))).rejects.toThrow("no luck");
      expect(await move(0, 10)).toEqual({ found: 2, removed: 2 });
      expect(seen.map(hexOf)).toEqual(chunks.map(hexOf));
    });

    test("deletes and records nothing once a higher token has taken the rows, and shows a lower one nothing more", async () => {
      const { append, drain, ledger } = await open();
      await append(0, 2);
      await append(1, 1);
      const acknowledged = () => [{ shard: 0, writer: "d1", acknowledged: 2, ended: [] }];
      const late = drain.drain(
        owner(0, 1),
        10,
        async (rows) => {
          expect(await drain.drain(owner(0, 2), 10, async () => 0)).toEqual({ found: 2, removed: 0 });
          return rows.length;
        },
        acknowledged,
      );
      expect(await late).toEqual({ found: 2, removed: 0 });
      const move = () => Promise.reject(new Error("must not be called"));
      await expect(drain.drain(owner(0, 1), 10, move)).rejects.toMatchObject({
        name: "Unavailable",
        code: "outranked",
      });
      expect(await writersIn(ledger, 1, 3)).toEqual([]);
      expect(await drain.drain(owner(1, 1), 10, async (rows) => rows.length)).toEqual({ found: 1, removed: 1 });
      expect(await drain.drain(owner(0, 3), 10, async (rows) => rows.length, acknowledged)).toEqual({
        found: 2,
        removed: 2,
      });
      expect(await writersIn(ledger, 2, 3)).toMatchObject([{ writer: "d1", acknowledged: 2 }]);
    });

    test("records nothing when another of the same token has moved the rows: its own numbers are not theirs", async () => {
      const { append, drain, ledger } = await open();
      await append(0, 2);
      const late = await drain.drain(
        owner(),
        10,
        async (rows) => {
          expect(await drain.drain(owner(), 10, async () => 2)).toEqual({ found: 2, removed: 2 });
          return rows.length;
        },
        () => [{ shard: 0, writer: "d1", acknowledged: 2, ended: [] }],
      );
      expect(late).toEqual({ found: 2, removed: 0 });
      expect(await writersIn(ledger, 1)).toEqual([]);
    });

    test("deletes nothing when a copy of a higher token has come, and takes nothing from a copy of its own", async () => {
      const { append, drain, ledger } = await open();
      await append(0, 1);
      await drain.drain(owner(0, 2), 10, async () => 0);
      expect((await copyOf(ledger, 1, 2)).late).toBe(false);
      const late = await drain.drain(owner(0, 2), 10, async (rows) => {
        await copyOf(ledger, 1, 3);
        return rows.length;
      });
      expect(late).toEqual({ found: 1, removed: 0 });
    });

    test("finds a row that was inserted before all others and committed after them", async () => {
      const { append, begin, move, seen } = await open();
      const late = chunkOf(0, freshNames(1));
      const insert = await begin(late);
      await append(0, 2);
      expect(await move(0, 10)).toEqual({ found: 2, removed: 2 });
      await insert.commit();
      expect(await move(0, 10)).toEqual({ found: 1, removed: 1 });
      expect(seen.map(hexOf)).toEqual([hexOf(late)]);
    });

    test("leaves rows alone that arrive while others are moved", async () => {
      const { append, drain, move } = await open();
      await append(0, 2);
      const answer = await drain.drain(owner(), 10, async (rows) => {
        await append(0, 1);
        return rows.length;
      });
      expect(answer).toEqual({ found: 2, removed: 2 });
      expect(await move(0, 10)).toEqual({ found: 1, removed: 1 });
    });

    test("tells which shards are occupied and how much waits", async () => {
      const { append, drain, move } = await open();
      await append(0, 2);
      await append(2, 1);
      expect([...(await drain.occupied([0, 1, 2], DEADLINE_MS))].sort()).toEqual([0, 2]);
      expect(await drain.size(DEADLINE_MS)).toMatchObject({ events: 6, oldestAtMs: expect.any(Number) });
      await move(0, 10);
      expect(await drain.occupied([0, 1, 2], DEADLINE_MS)).toEqual([2]);
    });

    test("says that rows may have arrived until the watch is closed", async () => {
      const { append, drain } = await open();
      let calls = 0;
      const watch = await drain.watch(() => calls++);
      for (let i = 0; i < 3; i++) {
        const before = calls;
        await append(0);
        await eventually("a call", () => calls > before);
      }
      await watch.close();
      const closedAt = calls;
      await append(0);
      expect(calls).toBe(closedAt);
    });
  });
};
