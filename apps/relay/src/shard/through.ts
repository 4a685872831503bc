import {
  addRange,
  type Named,
  type Range,
  type Ranges,
  type RowRun,
  TELLINGS,
  type Total,
  unionOf,
} from "@spillway/event";
import type { Term } from "../lease/term.ts";
import type { InHand } from "./in-hand.ts";

/** `passed`: how far the term has read its events; what lies between two entries had left the stream before. */
type Known = {
  readonly ended: Range[];
  readonly waiting: Map<number, InHand>;
  /** Entries in hand that are made of its rows of the outbox. */
  readonly carried: Set<InHand>;
  term: Term | null;
  passed: number;
  /** What was told last, and how often. */
  told: string;
  tellings: number;
};

/**
 * There are as many ranges as events wait between others that got through: behind so many it is not told what did. A topic that
 * stands still is parked after seconds, and nothing waits any more.
 */
const TOLD_RANGES_MAX = 1_000;

const startOf = ({ from, events }: InHand): number => (from?.total ?? 0) - events;

/**
 * The numbers of those of its events that have met their end. How many is not enough: another relay that had the entry may have
 * heard of others (simulation, seed 702773: of two events each saw one through, and one was told as lost).
 */
const endedIn = (entry: InHand): Ranges => {
  const { ended, skip } = entry;
  const ranges: Range[] = [];
  let number = startOf(entry);
  let skipped = 0;
  for (let index = 0; index < ended.length; index++) {
    if (skip[skipped] === index) {
      skipped++;
      continue;
    }
    if (ended[index] === 1) addRange(ranges, number, number + 1);
    number++;
  }
  return ranges;
};

const rowsOf = ({ from }: InHand): readonly RowRun[] => from?.rows ?? [];

/** As above, by the numbers that its events had as rows of this writer. */
const endedRowsIn = (entry: InHand, writer: string): Ranges => {
  const ranges: Range[] = [];
  let index = 0;
  for (const [of, total, events] of rowsOf(entry))
    for (let number = total - events; number < total; number++)
      if (entry.ended[index++] === 1 && of === writer) addRange(ranges, number, number + 1);
  return ranges;
};

/** What is known of each writer, and which entries in hand it waits for. */
const createKnown = () => {
  const writers = new Map<string, Known>();

  const of = (writer: string): Known => {
    const known = writers.get(writer);
    if (known !== undefined) return known;
    const unknown: Known = {
      ended: [],
      waiting: new Map(),
      carried: new Set(),
      term: null,
      passed: 0,
      told: "",
      tellings: 0,
    };
    writers.set(writer, unknown);
    return unknown;
  };

  const carriersOf = (entry: InHand): readonly Known[] =>
    rowsOf(entry).flatMap(([writer]) => (writer === null ? [] : [of(writer)]));

  const leave = (known: Known, total: number): void => {
    const entry = known.waiting.get(total);
    if (entry === undefined) return;
    known.waiting.delete(total);
    for (const carrier of carriersOf(entry)) carrier.carried.delete(entry);
  };

  return {
    writers,
    of,
    /** The entry that brings the writer to this total is looked at no more. */
    leave,
    /** It is looked at now. */
    wait: (known: Known, total: number, entry: InHand): void => {
      leave(known, total);
      known.waiting.set(total, entry);
      for (const carrier of carriersOf(entry)) carrier.carried.add(entry);
    },
    endedOf: (writer: string): Ranges => {
      const known = writers.get(writer);
      if (known === undefined) return [];
      const waiting = [...known.waiting.values()].map(endedIn);
      return unionOf(known.ended, ...waiting, ...[...known.carried].map((entry) => endedRowsIn(entry, writer)));
    },
  };
};

/**
 * Which events of each writer of one shard have met their end, by their numbers. What left the stream did. That stays true
 * whoever owns the shard and whatever becomes of Redis, so it outlives a term, and what gets through after its end counts.
 */
export const createThrough = () => {
  const { writers, of, leave, wait, endedOf } = createKnown();

  return {
    /** It came in hand; in the order of the stream. */
    read: (entry: InHand): void => {
      if (entry.from === null) return;
      const known = of(entry.from.writer);
      const start = startOf(entry);
      if (known.term !== entry.term) {
        known.term = entry.term;
        known.passed = 0;
      }
      addRange(known.ended, known.passed, start);
      for (const [total, { term }] of known.waiting) if (total <= start && term !== entry.term) leave(known, total);
      known.passed = Math.max(known.passed, entry.from.total);
      // What is under way of an earlier term's may end yet.
      const before = known.waiting.get(entry.from.total);
      if (before?.ended.length === entry.ended.length) entry.ended = before.ended;
      wait(known, entry.from.total, entry);
    },
    /** Each of its events is confirmed or dead. */
    ended: (entry: InHand): void => {
      if (entry.from === null) return;
      const { writer, total } = entry.from;
      const known = of(writer);
      leave(known, total);
      addRange(known.ended, total - entry.events, total);
      for (const [row, upTo, events] of rowsOf(entry)) if (row !== null) addRange(of(row).ended, upTo - events, upTo);
    },
    /** Postgres has these events, in copies or rows of which none may name the numbers. */
    kept: ({ writer, numbers: [from, below] }: Named): void => addRange(of(writer).ended, from, below),
    /** One that was parked has come out, or is dead. */
    returned: ({ writer, number }: { readonly writer: string; readonly number: number }): void =>
      addRange(of(writer).ended, number, number + 1),
    /** The stream was seen empty when these were its totals. */
    emptied: (totals: readonly Total[]): void => {
      for (const [writer, total] of totals) {
        const known = of(writer);
        addRange(known.ended, 0, total);
        for (const upTo of known.waiting.keys()) if (upTo <= total) leave(known, upTo);
      }
    },
    of: endedOf,
    /** What is to be told, again and again: where it is recorded may go back, and behind what Redis has forgotten since. */
    news: (): readonly { readonly writer: string; readonly ended: Ranges }[] =>
      [...writers.keys()].flatMap((writer) => {
        const ended = endedOf(writer).slice(0, TOLD_RANGES_MAX);
        return ended.length === 0 ? [] : [{ writer, ended }];
      }),
    /** What was the same for an hour is forgotten. */
    told: (news: readonly { readonly writer: string; readonly ended: Ranges }[]): void => {
      for (const { writer, ended } of news) {
        const known = of(writer);
        known.tellings = known.told === String(ended) ? known.tellings + 1 : 1;
        known.told = String(ended);
        if (known.tellings >= TELLINGS && known.waiting.size + known.carried.size === 0) writers.delete(writer);
      }
    },
    forget: (gone: readonly string[]): void => {
      for (const writer of gone) writers.delete(writer);
    },
  };
};

export type Through = ReturnType<typeof createThrough>;
