import type { RowRun } from "@spillway/event";
import { describe, expect, test } from "vitest";
import type { Term } from "../lease/term.ts";
import { recordOf, termOf } from "../partition/record.fixture.ts";
import { type InHand, recordDone } from "./in-hand.ts";
import { createThrough } from "./through.ts";

const entry = (
  total: number,
  events: number,
  term: Term,
  skip: readonly number[] = [],
  rows?: readonly RowRun[],
): InHand => ({
  ...recordOf(0, term).from,
  from: rows ? { writer: "w", total, rows } : { writer: "w", total },
  skip,
  events,
  remaining: events,
  ended: new Uint8Array(events > 1 ? events + skip.length : 0),
});

describe("what got through", () => {
  test("is what ended, whichever order that was in, and part of what ended in part", () => {
    const through = createThrough();
    const term = termOf(0);
    const [a, b, c] = [entry(3, 3, term), entry(5, 2, term), entry(9, 4, term)];
    for (const one of [a, b, c]) through.read(one);
    expect(through.of("w")).toEqual([]);
    through.ended(b);
    expect(through.of("w")).toEqual([[3, 5]]);
    for (const index of [3, 0]) recordDone({ from: c, index });
    expect(through.of("w")).toEqual([
      [3, 6],
      [8, 9],
    ]);
    through.ended(a);
    expect(through.of("w")).toEqual([
      [0, 6],
      [8, 9],
    ]);
    expect(through.of("another")).toEqual([]);
  });

  test("is told event by event, by whatever was skipped: two that each saw one through have seen two through", () => {
    const [one, two] = [createThrough(), createThrough()];
    const [mine, yours] = [entry(7, 2, termOf(0), [0, 2]), entry(7, 2, termOf(0), [0, 2])];
    one.read(mine);
    two.read(yours);
    recordDone({ from: mine, index: 1 });
    recordDone({ from: yours, index: 3 });
    expect([one.of("w"), two.of("w")]).toEqual([
      [[0, 6]],
      [
        [0, 5],
        [6, 7],
      ],
    ]);
  });

  test("is of the rows of the outbox that an entry is made of what ended of it, by the numbers that they had there", () => {
    const through = createThrough();
    const rows: RowRun[] = [
      ["v", 12, 2],
      [null, 0, 1],
      ["u", 1, 1],
      ["v", 13, 1],
    ];
    const term = termOf(0);
    const [made, plain] = [entry(4, 4, term, [1], rows), entry(5, 1, term)];
    through.read(made);
    through.read(plain);
    recordDone({ from: made, index: 4 });
    expect([through.of("v"), through.of("u"), through.of("w")]).toEqual([[[12, 13]], [], [[3, 4]]]);
    through.ended(made);
    expect([through.of("v"), through.of("u")]).toEqual([[[10, 13]], [[0, 1]]]);
    through.ended(plain);
    expect(through.news().map(({ writer, ended }) => [writer, ended])).toEqual([
      ["w", [[0, 5]]],
      ["v", [[10, 13]]],
      ["u", [[0, 1]]],
    ]);
  });

  test("is also what ends of an earlier term's when the entry is in hand again", () => {
    const through = createThrough();
    const earlier = termOf(0);
    const [before, again] = [entry(3, 3, earlier), entry(3, 3, termOf(0))];
    through.read(before);
    recordDone({ from: before, index: 0 });
    earlier.end("fenced");
    through.read(again);
    recordDone({ from: before, index: 1 });
    recordDone({ from: again, index: 0 });
    expect(through.of("w")).toEqual([[0, 2]]);
  });

  test("is what had left the stream before it was read", () => {
    const through = createThrough();
    const term = termOf(0);
    for (const one of [entry(7, 2, term), entry(12, 1, term)]) through.read(one);
    expect(through.of("w")).toEqual([
      [0, 5],
      [7, 11],
    ]);
  });

  test("is what another owner settled of what an earlier term had in hand", () => {
    const through = createThrough();
    const earlier = termOf(0);
    for (const one of [entry(1, 1, earlier), entry(2, 1, earlier), entry(3, 1, earlier)]) through.read(one);
    earlier.end("fenced");
    through.read(entry(3, 1, termOf(0)));
    expect(through.of("w")).toEqual([[0, 2]]);
  });

  test("is not what an earlier term had in hand and nobody has seen since", () => {
    const through = createThrough();
    const earlier = termOf(0);
    const published = entry(2, 1, earlier);
    for (const one of [entry(1, 1, earlier), published]) through.read(one);
    earlier.end("fenced");
    through.emptied([["v", 4]]);
    through.ended(published);
    expect([through.of("w"), through.of("v")]).toEqual([[[1, 2]], [[0, 4]]]);
    through.emptied([["w", 2]]);
    expect(through.of("w")).toEqual([[0, 2]]);
  });

  test("is told for an hour, once a second, since where it is recorded may go back", () => {
    const through = createThrough();
    through.emptied([
      ["w", 2],
      ["v", 1],
    ]);
    const news = through.news();
    expect(news.map(({ writer }) => writer)).toEqual(["w", "v"]);
    for (let i = 0; i < 3_599; i++) through.told(news);
    expect(through.news()).toEqual(news);
    through.told(news);
    expect(through.news()).toEqual([]);
    through.emptied([["w", 3]]);
    expect(through.news()).toEqual([{ writer: "w", ended: [[0, 3]] }]);
    through.forget(["w"]);
    expect(through.news()).toEqual([]);
  });

  test("says nothing of an entry whose writer nobody can tell", () => {
    const through = createThrough();
    const unknown = { ...entry(1, 1, termOf(0)), from: null };
    through.read(unknown);
    through.ended(unknown);
    expect(through.news()).toEqual([]);
  });
});
