import type { RelayRecord } from "../shard/in-hand.ts";
import type { Order } from "./order.ts";
import type { Refused } from "./remainder.ts";
import { freshSegment, type Segment, sendable } from "./segment.ts";

/**
 * Where a refused record stands: `held`; `asked` for once more; `passing`, something newer of its key is being sent; or
 * `passed`, that may have been taken, so that sending this one again would turn the two around.
 */
type Place = "held" | "asked" | "passing" | "passed";

/** Records that were refused while nobody could say whether they or their topic are to blame, in their order. */
export type Held = {
  readonly records: number;
  keys(): ReadonlySet<string>;
  /** Code of the latest refusal. */
  readonly code: string;
  /** The moment of the latest refusal, by the topic's evidence. */
  readonly refusedAt: number;
  /** For the first time, or once more. */
  refused(refused: readonly Refused[], refusedAt: number): void;
  /** These are about to be sent; older ones of their keys are here. */
  pass(by: readonly RelayRecord[]): void;
  /** What came of that: not taken for sure, or nobody knows. */
  passEnds(how: "refused" | "unknown"): void;
  /** These have met their end. */
  forget(records: readonly RelayRecord[]): void;
  /** Removes those that something newer of their key has passed. */
  takePassed(): readonly Refused[];
  /** Removes all. */
  takeAll(): readonly Refused[];
  /** The oldest few, or all, that are older than this record, to be asked for once more; null when none may be. */
  again(which: "oldest" | "all", than: RelayRecord | undefined): Segment | null;
  /** Those that are asked for are only held. */
  recall(): void;
  /** Forgets those whose term is over. */
  prune(): void;
};

/** More than one, since the oldest may be poison in a topic that refuses everything. */
const OLDEST = 4;

const segmentOf = (refused: readonly Refused[], refusedAt: number): Segment => ({
  ...freshSegment(refused.map(({ record }) => record)),
  attempts: Math.max(...refused.map(({ attempts }) => attempts)),
  suspicions: Math.max(...refused.map(({ suspicions }) => suspicions)),
  refusedAt,
  again: true,
});

type Entry = { readonly refused: Refused; place: Place };

/** In the order of the records. */
type Entries = Map<RelayRecord, Entry>;

const take = (entries: Entries, places: readonly Place[]): readonly Refused[] => {
  const taken = [...entries.values()].filter(({ place }) => places.includes(place));
  for (const { refused } of taken) entries.delete(refused.record);
  return taken.map(({ refused }) => refused);
};

const move = (entries: Entries, from: Place, to: Place): void => {
  for (const entry of entries.values()) if (entry.place === from) entry.place = to;
};

/** Up to where something of a key is sent now. */
const reachOf = (order: Order, by: readonly RelayRecord[]): ReadonlyMap<string, number> => {
  const reach = new Map<string, number>();
  for (const record of by)
    if (record.key !== null) reach.set(record.key, Math.max(order.of(record), reach.get(record.key) ?? 0));
  return reach;
};

/** What the broker names is refused before older ones of its batch may be. */
const sort = (entries: Entries, order: Order): void => {
  const sorted = [...entries].toSorted(([a], [b]) => order.of(a) - order.of(b));
  entries.clear();
  for (const [record, entry] of sorted) entries.set(record, entry);
};

export const createHeld = (order: Order): Held => {
  const entries: Entries = new Map();
  let code = "";
  let lastAt = 0;

  return {
    get records() {
      return entries.size;
    },
    keys: () => new Set([...entries.keys()].flatMap(({ key }) => (key === null ? [] : [key]))),
    get code() {
      return code;
    },
    get refusedAt() {
      return lastAt;
    },
    refused: (refused, refusedAt) => {
      for (const one of refused) entries.set(one.record, { refused: one, place: "held" });
      sort(entries, order);
      lastAt = refusedAt;
      code = refused.at(-1)?.fatal.code ?? code;
    },
    pass: (by) => {
      if (entries.size === 0) return;
      const reach = reachOf(order, by);
      for (const [record, entry] of entries) {
        const isPassed = record.key !== null && order.of(record) < (reach.get(record.key) ?? 0);
        if (isPassed && entry.place === "held") entry.place = "passing";
      }
    },
    passEnds: (how) => move(entries, "passing", how === "refused" ? "held" : "passed"),
    forget: (records) => {
      for (const record of records) entries.delete(record);
    },
    takePassed: () => take(entries, ["passing", "passed"]),
    takeAll: () => take(entries, ["held", "asked", "passing", "passed"]),
    again: (which, than) => {
      const end = than === undefined ? Number.POSITIVE_INFINITY : order.of(than);
      const free = [...entries.values()].filter(
        ({ refused, place }) => place === "held" && order.of(refused.record) < end,
      );
      const chosen = which === "all" ? free : free.slice(0, OLDEST);
      for (const entry of chosen) entry.place = "asked";
      const refused = chosen.map((entry) => entry.refused);
      return refused.length > 0 ? segmentOf(refused, lastAt) : null;
    },
    recall: () => move(entries, "asked", "held"),
    prune: () => {
      const alive = new Set(sendable([...entries.keys()]));
      for (const record of entries.keys()) if (!alive.has(record)) entries.delete(record);
    },
  };
};
