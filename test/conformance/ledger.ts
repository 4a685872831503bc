import {
  type Ledger,
  type Loss,
  lossesOf,
  lostOf,
  type Position,
  type Range,
  type ShardCounts,
  type Total,
} from "@spillway/event";
import { describe, expect, onTestFinished, test } from "vitest";

/** A ledger on an empty backend of its own. */
export type LedgerSubject = {
  readonly ledger: Ledger;
  /** What stands there as lost of a shard. */
  unaccounted(shard: number): Promise<number>;
  /** What stands there as possibly lost. */
  possible(shard: number): Promise<number>;
  close(): Promise<void>;
};

const counts: ShardCounts = {
  epoch: "first",
  accepted: 10,
  duplicate: 0,
  relayed: 4,
  dead: 0,
  parked: 0,
  backlogBytes: 600,
  totals: [],
  isEmpty: false,
};

const DEADLINE_MS = 30_000;

const of = (writer: string, acknowledged: number, ended: readonly Range[] = [], shard = 0): Position => ({
  shard,
  writer,
  acknowledged,
  ended,
});

/** What every `Ledger` must do. `make` is called once a test. */
export const ledgerConformance = (name: string, make: () => Promise<LedgerSubject>): void => {
  describe(`${name} as the ledger`, () => {
    const open = async () => {
      const subject = await make();
      onTestFinished(() => subject.close());
      const { ledger, unaccounted, possible } = subject;
      let last = 0;
      const copy = (losses: readonly Loss[] | null = null, shard = 0, token = 1, sequence = ++last) =>
        ledger.checkpoint({ shard, owner: "owner", token }, sequence, { counts, losses });
      const copyWith = (totals: readonly Total[]) =>
        ledger.checkpoint({ shard: 0, owner: "owner", token: 1 }, ++last, {
          counts: { ...counts, totals },
          losses: null,
        });
      const record = (...positions: Position[]) => ledger.record(positions, DEADLINE_MS);
      const rows = async (shard = 0) =>
        [...(await copy(null, shard)).writers]
          .sort((a, b) => (a.writer < b.writer ? -1 : 1))
          .map(({ writer, acknowledged, ended }) => [writer, acknowledged, ended]);
      return { ledger, unaccounted, possible, copy, copyWith, record, rows };
    };

    test("knows nobody at first, and misses nothing", async () => {
      const { copy, unaccounted } = await open();
      expect(await copy()).toEqual({ token: 1, late: false, writers: [], folded: 0 });
      expect(await unaccounted(0)).toBe(0);
    });

    test("adds to what it knows of a writer, in whatever order it is told and how often", async () => {
      const { record, rows } = await open();
      await record(of("a", 5, [[0, 2]]), of("b", 1));
      await record(of("a", 3, [[3, 4]]));
      await record(of("a", 0, [[2, 3]]), of("b", 9_000_000_000_000));
      await record(of("a", 5, [[0, 2]]));
      expect(await rows()).toEqual([
        ["a", 5, [[0, 4]]],
        ["b", 9_000_000_000_000, []],
      ]);
      await record(of("a", 5, [[6, 8]]));
      expect((await rows())[0]).toEqual([
        "a",
        5,
        [
          [0, 4],
          [6, 8],
        ],
      ]);
    });

    test("is told several things of one writer at once", async () => {
      const { record, copy } = await open();
      await record(of("a", 5), of("a", 3, [[0, 2]]), { ...of("a", 0, [[1, 4]]), givenUp: true });
      expect((await copy()).writers).toMatchObject([{ writer: "a", acknowledged: 5, ended: [[0, 4]], givenUp: true }]);
    });

    test("keeps shards apart, and is told of several at once", async () => {
      const { record, rows } = await open();
      await record(of("a", 5, [], 1), of("a", 7, [], 0));
      expect([await rows(0), await rows(1)]).toEqual([[["a", 7, []]], [["a", 5, []]]]);
    });

    test("is told by many at once", async () => {
      const { record, rows } = await open();
      const writers = ["a", "b", "c", "d"];
      const told = Array.from({ length: 40 }, (_, i) => [...writers].sort(() => (i % 3) - 1).map((w) => of(w, i)));
      await Promise.all(told.map((positions) => record(...positions)));
      expect(await rows()).toEqual(writers.map((writer) => [writer, 39, []]));
    });

    test("takes nothing for nothing", async () => {
      const { ledger } = await open();
      await ledger.record([], DEADLINE_MS);
    });

    test("shows what was found lost last, as long as nobody finds something else", async () => {
      const { record, copy, unaccounted } = await open();
      await record(of("a", 9), of("b", 5));
      await copy([{ writer: "a", events: [[4, 9]] }]);
      expect(await unaccounted(0)).toBe(5);
      await copy(null);
      expect(await unaccounted(0)).toBe(5);
      await copy([
        { writer: "a", events: [[4, 5]] },
        { writer: "b", events: [[2, 5]] },
      ]);
      expect([await unaccounted(0), await unaccounted(1)]).toEqual([4, 0]);
      await copy([]);
      expect(await unaccounted(0)).toBe(0);
    });

    test("remembers how much Redis was seen to have of whom it knows, and of an edge that has told nothing, and shows what may be lost of it", async () => {
      const { ledger, record, copyWith, copy, possible } = await open();
      const lease = { shard: 0, owner: "owner", token: 9 };
      const totals: Total[] = [
        ["a", 5],
        ["c", 7],
        ["nobody", 3],
        ["r1", 4],
      ];
      const found = (sequence: number, token: number, below: number, losses: readonly Loss[] | null = []) =>
        ledger.checkpoint({ ...lease, token }, sequence, {
          counts,
          losses,
          possible: [{ writer: "a", events: [[2, below]] }],
        });
      await record(of("a", 2), of("b", 1));
      await copyWith(totals);
      const { writers } = await copyWith([["a", 4]]);
      expect(writers.map(({ writer, inRedis }) => [writer, inRedis]).sort()).toEqual([
        ["a", 5],
        ["b", 0],
        ["c", 7],
      ]);
      await found(1, 9, 5);
      expect(await possible(0)).toBe(3);
      await found(2, 8, 9);
      await found(2, 9, 9, null);
      expect([await possible(0), await possible(1)]).toEqual([3, 0]);
      await found(3, 9, 4);
      expect(await possible(0)).toBe(2);
      await copy([], 0, 9, 4);
      expect(await possible(0)).toBe(0);
    });

    test("knows still what Redis had of a writer when somebody tells less of it: that may be of before Redis went back", async () => {
      const { record, copyWith } = await open();
      const seen = async (total: number) => (await copyWith([["a", total]])).writers.map(({ inRedis }) => inRedis);
      await record(of("a", 2));
      await seen(5);
      await record(of("a", 3), of("a", 0, [[0, 2]]));
      expect(await seen(3)).toEqual([5]);
    });

    test("is not moved by a copy that comes behind a later one, and tells whose it is the token of that", async () => {
      const { copy, unaccounted } = await open();
      const at = async (token: number, sequence: number, lost: number) => {
        const answer = await copy([{ writer: "a", events: [[0, lost]] }], 0, token, sequence);
        return [answer.token, answer.late, await unaccounted(0)];
      };
      expect(await at(7, 2, 10)).toEqual([7, false, 10]);
      expect(await at(7, 1, 5)).toEqual([7, true, 10]);
      expect(await at(6, 99, 5)).toEqual([7, true, 10]);
      expect(await at(9_000_000_000_000_000, 1, 3)).toEqual([9_000_000_000_000_000, false, 3]);
      expect(await at(7, 3, 5)).toEqual([9_000_000_000_000_000, true, 3]);
      expect(await at(9_000_000_000_000_000, 2, 0)).toEqual([9_000_000_000_000_000, false, 0]);
    });

    test("knows whom its process gave up, for good", async () => {
      const { record, copy } = await open();
      await record(of("a", 5), { ...of("b", 0), givenUp: true });
      await record({ ...of("a", 5), givenUp: true });
      await record(of("a", 5, [[0, 2]]));
      await record(of("c", 1));
      const { writers } = await copy();
      expect(writers.map(({ writer, givenUp }) => [writer, givenUp]).sort()).toEqual([
        ["a", true],
        ["b", true],
        ["c", false],
      ]);
    });

    test("looks no more at a writer that retired, until there is news of it, and remembers what it was told", async () => {
      const { ledger, record, rows, copyWith } = await open();
      const judged = { writer: "a", had: 0, acknowledged: 5, ended: [[0, 5]] as Range[] };
      await record({ ...of("a", 5, [[0, 5]]), givenUp: true }, of("b", 1));
      await ledger.retire(0, [
        { ...judged, acknowledged: 4 },
        { ...judged, writer: "nobody" },
      ]);
      await ledger.retire(1, [judged]);
      expect(await rows()).toHaveLength(2);
      await ledger.retire(0, [judged]);
      expect(await rows()).toEqual([["b", 1, []]]);
      const inRedis = await copyWith([["a", 3]]);
      expect(inRedis.writers.map(({ writer, idleMs }) => [writer, idleMs < 60_000]).sort()).toEqual([
        ["a", true],
        ["b", true],
      ]);
      await record(of("a", 0, [[1, 3]]));
      await record(of("a", 3));
      expect(await rows()).toEqual([["b", 1, []]]);
      await record(of("a", 6));
      expect(await rows()).toEqual([
        ["a", 6, [[0, 5]]],
        ["b", 1, []],
      ]);
    });

    test("folds a writer's row and keeps what was lost of it", async () => {
      const { ledger, record, copy, rows, unaccounted } = await open();
      await record(of("a", 9, [[0, 4]]), of("b", 3, [[0, 3]]), of("c", 1));
      await copy([{ writer: "a", events: [[4, 9]] }]);
      await ledger.fold(0, [
        { writer: "a", acknowledged: 9, had: 0, ended: [[0, 4]], lost: 5 },
        { writer: "b", acknowledged: 3, had: 0, ended: [[0, 3]], lost: 0 },
      ]);
      expect(await rows()).toEqual([["c", 1, []]]);
      const { writers, folded } = await copy([]);
      expect([folded, lostOf(lossesOf(writers, [["c", 1]])), await unaccounted(0)]).toEqual([5, 0, 5]);
    });

    test("folds no row that changed since it was judged", async () => {
      const { ledger, record, copy, rows } = await open();
      await record(of("a", 9, [[0, 4]]), of("b", 9));
      await copy();
      const judged = [
        { writer: "a", acknowledged: 9, had: 0, ended: [[0, 3] as Range], lost: 6 },
        { writer: "b", acknowledged: 8, had: 0, ended: [], lost: 8 },
      ];
      await ledger.fold(0, judged);
      await ledger.fold(1, [{ writer: "a", acknowledged: 9, had: 0, ended: [[0, 4]], lost: 5 }]);
      expect(await rows()).toHaveLength(2);
      expect((await copy([])).folded).toBe(0);
    });
  });
};
