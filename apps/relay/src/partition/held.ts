import type { RelayRecord } from "../shard/in-hand.ts";
import { type Fatal, freshSegment, type Segment, sendable } from "./segment.ts";

/** A record that was refused, and what that says about it. */
export type Refused = {
  readonly record: RelayRecord;
  readonly fatal: Fatal;
  readonly attempts: number;
  readonly suspicions: number;
};

/**
 * Where a refused record stands: `held`, it may be sent again; `passing`, something newer of its key is being sent; or
 * `passed`, that may have been taken, so that sending this one again would turn the two around.
 */
type Place = "held" | "passing" | "passed";

/** Records that were refused while nobody could say whether they or their topic are to blame, in their order. */
export type Held = {
  readonly records: number;
  /** Code of the latest refusal. */
  readonly code: string;
  /** The moment of the latest refusal, by the topic's evidence. */
  readonly refusedAt: number;
  /** `first`: these are older than what is held. */
  add(refused: readonly Refused[], refusedAt: number, where: "first" | "last"): void;
  /** These are newer, and are about to be sent. */
  pass(by: readonly RelayRecord[]): void;
  /** What came of that: not taken for sure, or nobody knows. */
  passEnds(how: "refused" | "unknown"): void;
  /** Removes those that something newer of their key has passed. */
  takePassed(): readonly Refused[];
  /** Removes all. */
  takeAll(): readonly Refused[];
  /** Removes the oldest that may be sent again, or all of them; null when there are none. */
  again(which: "oldest" | "all"): Segment | null;
  /** Forgets those whose term is over. */
  prune(): void;
};

const segmentOf = (refused: readonly Refused[], refusedAt: number): Segment => ({
  ...freshSegment(refused.map(({ record }) => record)),
  attempts: Math.max(...refused.map(({ attempts }) => attempts)),
  suspicions: Math.max(...refused.map(({ suspicions }) => suspicions)),
  refusedAt,
  again: true,
});

type Entry = { readonly refused: Refused; place: Place };

export const createHeld = (): Held => {
  let entries: readonly Entry[] = [];
  let code = "";
  let lastAt = 0;
  const take = (isTaken: (entry: Entry) => boolean): readonly Refused[] => {
    const taken = entries.filter(isTaken);
    entries = entries.filter((entry) => !isTaken(entry));
    return taken.map(({ refused }) => refused);
  };
  return {
    get records() {
      return entries.length;
    },
    get code() {
      return code;
    },
    get refusedAt() {
      return lastAt;
    },
    add: (refused, refusedAt, where) => {
      const added = refused.map((one): Entry => ({ refused: one, place: "held" }));
      entries = where === "first" ? [...added, ...entries] : [...entries, ...added];
      lastAt = refusedAt;
      code = refused.at(-1)?.fatal.code ?? code;
    },
    pass: (by) => {
      if (entries.length === 0) return;
      const keys = new Set(by.map(({ key }) => key));
      for (const entry of entries) {
        const { key } = entry.refused.record;
        if (key !== null && entry.place === "held" && keys.has(key)) entry.place = "passing";
      }
    },
    passEnds: (how) => {
      for (const entry of entries) if (entry.place === "passing") entry.place = how === "refused" ? "held" : "passed";
    },
    takePassed: () => take(({ place }) => place !== "held"),
    takeAll: () => take(() => true),
    again: (which) => {
      const oldest = entries.find(({ place }) => place === "held");
      const chosen = take((entry) => (which === "all" ? entry.place === "held" : entry === oldest));
      return chosen.length > 0 ? segmentOf(chosen, lastAt) : null;
    },
    prune: () => {
      const alive = new Set(sendable(entries.map(({ refused }) => refused.record)));
      if (alive.size < entries.length) take(({ refused }) => !alive.has(refused.record));
    },
  };
};
