import { describe, expect, test } from "vitest";
import type { Ranges } from "./ranges.ts";
import { farewellOf, lossesOf, lostOf, possibleLossesOf, type WriterRow } from "./unaccounted.ts";
import { relayWriterId } from "./writer.ts";

const row = (writer: string, acknowledged: number, ended: Ranges = [], more: Partial<WriterRow> = {}): WriterRow => ({
  writer,
  acknowledged,
  had: 0,
  inRedis: 0,
  ended,
  forgiven: [],
  idleMs: 0,
  givenUp: false,
  ...more,
});

describe("what is lost", () => {
  test("is what was acknowledged, less what Redis has had and what met its end", () => {
    const lost = (rows: readonly WriterRow[], ...totals: [string, number][]) => lostOf(lossesOf(rows, totals));
    expect(lost([row("a", 10)], ["a", 10])).toBe(0);
    expect(lost([row("a", 10)], ["a", 12])).toBe(0);
    expect(lost([row("a", 10)], ["a", 4])).toBe(6);
    expect(lost([row("a", 10, [[0, 4]])])).toBe(6);
    expect(lost([row("a", 10, [[0, 4]])], ["a", 7])).toBe(3);
    expect(lost([row("a", 10, [[8, 12]])], ["a", 7])).toBe(1);
    expect(lost([row("a", 10), row("b", 3)], ["b", 1], ["c", 9])).toBe(12);
  });

  test("is of the outbox what Postgres went back behind, unless it had been brought into the stream", () => {
    const lost = (acknowledged: number, had: number, drained: number, ended: Ranges = []) =>
      lostOf(lossesOf([row("a", acknowledged, ended, { had })], [["a", drained]]));
    expect(lost(0, 10, 0)).toBe(0);
    expect(lost(10, 4, 0)).toBe(6);
    expect(lost(10, 4, 7)).toBe(3);
    expect(lost(10, 4, 10)).toBe(0);
    expect(lost(10, 4, 0, [[0, 8]])).toBe(2);
  });

  test("is named, and an operator's word goes for that and no further", () => {
    const before = lossesOf([row("a", 10, [[2, 4]])], [["a", 1]]);
    expect(before).toEqual([
      {
        writer: "a",
        events: [
          [1, 2],
          [4, 10],
        ],
      },
    ]);
    const forgiven = before[0]?.events ?? [];
    expect(lossesOf([row("a", 10, [[2, 4]], { forgiven })], [["a", 1]])).toEqual([]);
    expect(lossesOf([row("a", 12, [], { forgiven })], [])).toEqual([
      {
        writer: "a",
        events: [
          [0, 1],
          [2, 4],
          [10, 12],
        ],
      },
    ]);
  });
});

describe("what may be lost", () => {
  test("is what Redis was seen to have of a writer that told nothing of it, and is nowhere", () => {
    const possible = (more: Partial<WriterRow>, total: number, acknowledged = 4, ended: Ranges = []) =>
      possibleLossesOf([row("a", acknowledged, ended, more)], [["a", total]]);
    expect(possible({ inRedis: 9 }, 9)).toEqual([]);
    expect(possible({ inRedis: 9 }, 2)).toEqual([{ writer: "a", events: [[4, 9]] }]);
    expect(possible({ inRedis: 9 }, 6)).toEqual([{ writer: "a", events: [[6, 9]] }]);
    expect(possible({ inRedis: 9 }, 0, 4, [[5, 7]])).toEqual([
      {
        writer: "a",
        events: [
          [4, 5],
          [7, 9],
        ],
      },
    ]);
    expect(possible({ inRedis: 9, forgiven: [[4, 9]] }, 0)).toEqual([]);
    expect(possible({ inRedis: 9, had: 9 }, 0)).toEqual([]);
    expect(possible({ inRedis: 9 }, 0, 9)).toEqual([]);
    expect(possible({ inRedis: 9, givenUp: true }, 0)).toEqual([]);
    expect(possibleLossesOf([row(relayWriterId(), 0, [], { inRedis: 9 })], [])).toEqual([]);
  });
});

describe("who is parted with", () => {
  const DAY_MS = 24 * 3_600_000;
  test("is dead for long, and nothing of it waits in Redis: there it is forgotten first", () => {
    const dead = { idleMs: DAY_MS + 3_700_000 };
    const rows = [
      row("lives", 5, [[0, 5]]),
      row("waits", 5, [[0, 2]], dead),
      row("done", 5, [[0, 5]], dead),
      row("fresh", 5, [[0, 5]], { idleMs: DAY_MS + 1 }),
      row("forgotten", 5, [[0, 5]], dead),
      row("lost", 5, [[0, 1]], { ...dead, forgiven: [[1, 3]] }),
      row("drained", 0, [], { ...dead, had: 5 }),
    ];
    const totals: [string, number][] = [
      ["lives", 5],
      ["waits", 5],
      ["done", 5],
      ["drained", 5],
    ];
    const { forget, retire, fold } = farewellOf(rows, totals, 60_000);
    expect([forget, retire]).toEqual([["done", "drained"], []]);
    expect(fold).toEqual([
      { writer: "forgotten", acknowledged: 5, had: 0, ended: [[0, 5]], lost: 0 },
      { writer: "lost", acknowledged: 5, had: 0, ended: [[0, 1]], lost: 2 },
    ]);
  });

  test("is given up for some minutes, and nothing of it waits or is lost", () => {
    const over = { givenUp: true, idleMs: 60_001 };
    const rows = [
      row("done", 5, [[0, 5]], over),
      row("young", 5, [[0, 5]], { ...over, idleMs: 60_000 }),
      row("goes on", 5, [[0, 5]], { ...over, givenUp: false }),
      row("waits", 5, [[0, 4]], over),
      row("forgotten", 5, [[0, 5]], over),
      row("lost", 5, [[0, 4]], over),
      row("acknowledged loss", 5, [[0, 4]], { ...over, forgiven: [[4, 5]] }),
      row("never came", 0, [], over),
      row("dead", 5, [[0, 5]], { ...over, idleMs: DAY_MS + 3_700_000 }),
    ];
    const totals = ["done", "young", "goes on", "waits"].map((writer): [string, number] => [writer, 5]);
    const { forget, retire, fold } = farewellOf(rows, totals, 60_000);
    expect(forget).toEqual(["done"]);
    expect(retire.map(({ writer }) => writer)).toEqual(["forgotten", "acknowledged loss", "never came"]);
    expect(fold.map(({ writer }) => writer)).toEqual(["dead"]);
  });
});
