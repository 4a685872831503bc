import type { Term } from "../lease/term.ts";
import type { RelayRecord } from "../shard/in-hand.ts";
import type { Moment } from "./evidence.ts";
import type { Order } from "./order.ts";
import type { Refused } from "./remainder.ts";
import { freshSegment, type Segment, sendable } from "./segment.ts";

/**
 * Where a refused record stands: `held`; `asked` for once more; `passing`, something newer of its key is being sent; or
 * `passed`, that may have been taken, so that sending this one again would turn the two around.
 */
type Place = "held" | "asked" | "passing" | "passed";

const PLACES: readonly Place[] = ["held", "asked", "passing", "passed"];

/** More than one, since the oldest may be poison in a topic that refuses everything. */
const OLDEST_MAX = 4;

const segmentOf = (refused: readonly Refused[]): Segment => ({
  ...freshSegment(refused.map(({ record }) => record)),
  attempts: Math.max(...refused.map(({ attempts }) => attempts)),
  suspicions: Math.max(...refused.map(({ suspicions }) => suspicions)),
  again: true,
});

/** `refusedAt`: for the first time. */
type Entry = Refused & { place: Place; readonly refusedAt: Moment };

/** Up to where something of a key is sent now. */
const reachOf = (order: Order, by: readonly RelayRecord[]): ReadonlyMap<string, number> => {
  const reach = new Map<string, number>();
  for (const record of by)
    if (record.key !== null) reach.set(record.key, Math.max(order.of(record), reach.get(record.key) ?? 0));
  return reach;
};

/** Those that are behind none of their key, so that each may be asked for without the others. */
const firstsOf = (entries: readonly Entry[]): readonly Entry[] => {
  const keys = new Set<string>();
  return entries.filter(({ record: { key } }) => {
    const isFirst = key === null || !keys.has(key);
    if (key !== null) keys.add(key);
    return isFirst;
  });
};

/** What is asked for once more, of those that may be and are older than a record; null: none is. */
const createAsking = (
  freeOf: (than: RelayRecord | undefined) => readonly Entry[],
  isProven: (entry: Entry) => boolean,
) => {
  let turn = 0;
  const ask = (chosen: readonly Entry[]): Segment | null => {
    for (const entry of chosen) entry.place = "asked";
    return chosen.length > 0 ? segmentOf(chosen) : null;
  };
  return {
    /** The oldest few, or one of them, another one each time. */
    oldest: (which: "each" | "one", than: RelayRecord | undefined): Segment | null => {
      const free = freeOf(than).slice(0, OLDEST_MAX);
      if (which === "each") return ask(free);
      const firsts = firstsOf(free);
      const at = turn++ % Math.max(1, firsts.length);
      return ask(firsts.slice(at, at + 1));
    },
    /** Those that are proven; also what is older than the last of them, since it may be of its key. */
    proven: (than: RelayRecord | undefined): Segment | null => {
      const free = freeOf(than);
      return ask(free.slice(0, 1 + free.findLastIndex(isProven)));
    },
  };
};

/**
 * Records that were refused while nobody could say whether they or their topic are to blame.
 *
 * `takenSince`: whether what was refused at this moment is proven to be to blame itself, should it be refused again.
 */
export const createHeld = (order: Order, takenSince: (refusedAt: Moment) => boolean) => {
  const entries = new Map<RelayRecord, Entry>();
  let code = "";

  /** In the order of the records: what the broker names is refused before older ones of its batch may be. */
  const at = (...places: readonly Place[]): readonly Entry[] =>
    [...entries.values()]
      .filter(({ place }) => places.includes(place))
      .toSorted((a, b) => order.of(a.record) - order.of(b.record));

  const forget = (records: Iterable<RelayRecord>): void => {
    for (const record of records) entries.delete(record);
  };

  const isProven = (entry: Entry | undefined): boolean => entry !== undefined && takenSince(entry.refusedAt);
  const taken = (chosen: readonly Entry[]): readonly Refused[] => {
    forget(chosen.map(({ record }) => record));
    return chosen;
  };

  const freeOf = (than: RelayRecord | undefined): readonly Entry[] => {
    const end = than === undefined ? Number.POSITIVE_INFINITY : order.of(than);
    return at("held").filter(({ record }) => order.of(record) < end);
  };

  const move = (from: Place, to: Place): void => {
    for (const entry of entries.values()) if (entry.place === from) entry.place = to;
  };

  return {
    get records() {
      return entries.size;
    },
    areOlderThan: (than: RelayRecord): boolean =>
      at(...PLACES).every(({ record }) => order.of(record) < order.of(than)),
    keys: (): ReadonlySet<string> => new Set([...entries.keys()].flatMap(({ key }) => (key === null ? [] : [key]))),
    /** Code of the latest refusal. */
    get code() {
      return code;
    },
    /** Whether the topic has taken something since any of them was refused. */
    get areJudged() {
      return [...entries.values()].some(isProven);
    },
    /** Those of these records that are here, and since whose refusal the topic has taken something. */
    provenOf: (records: readonly RelayRecord[]): ReadonlySet<RelayRecord> =>
      new Set(records.filter((record) => isProven(entries.get(record)))),
    /** For the first time, or once more. */
    refused: (refused: readonly Refused[], now: Moment): void => {
      for (const one of refused)
        entries.set(one.record, { ...one, place: "held", refusedAt: entries.get(one.record)?.refusedAt ?? now });
      code = refused.at(-1)?.fatal.code ?? code;
    },
    /** These are about to be sent; older ones of their keys are here. */
    pass: (by: readonly RelayRecord[]): void => {
      if (entries.size === 0) return;
      const reach = reachOf(order, by);
      for (const [record, entry] of entries) {
        const isPassed = record.key !== null && order.of(record) < (reach.get(record.key) ?? 0);
        if (isPassed && entry.place === "held") entry.place = "passing";
      }
    },
    /** What came of that: not taken for sure, or nobody knows. */
    passEnds: (how: "refused" | "unknown"): void => move("passing", how === "refused" ? "held" : "passed"),
    /** These have met their end. */
    forget,
    /** Removes those that something newer of their key has passed, and that are proven. */
    takePassed: () => taken(at("passing", "passed").filter(isProven)),
    takeAll: () => taken(at(...PLACES)),
    ...createAsking(freeOf, isProven),
    /** Those of a term that may still be sent: nothing newer of their keys may have been taken. */
    of: (term: Term): readonly RelayRecord[] =>
      at("held", "asked").flatMap(({ record }) => (record.from.term === term ? [record] : [])),
    /** Those that are asked for are only held. */
    recall: (): void => move("asked", "held"),
    /** Forgets those whose term is over. */
    prune: (): void => {
      const alive = new Set(sendable([...entries.keys()]));
      forget([...entries.keys()].filter((record) => !alive.has(record)));
    },
  };
};
