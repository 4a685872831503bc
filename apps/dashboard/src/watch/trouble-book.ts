import { levels, type Source, type Trouble } from "../verdict/trouble.ts";

export type Standing = Trouble & {
  readonly sinceMs: number;
  /** Its source does not answer any more, so it is not known whether it is over. */
  readonly isOld: boolean;
};

export type Over = Pick<Standing, "key" | "what" | "sinceMs"> & { readonly untilMs: number };

/** For how long, and of how many, it is told that they are over. */
const OVER_MS = 3_600_000;
const OVER_MAX = 20;

const worstFirst = (a: Standing, b: Standing): number =>
  levels.indexOf(a.level) - levels.indexOf(b.level) || a.sinceMs - b.sinceMs;

/**
 * Remembers from look to look since when each trouble stands. A trouble is over when its source answers and does not name it any more: one
 * whose source is silent stands as it was known last.
 */
export const createTroubleBook = () => {
  let standing = new Map<Trouble["key"], Standing>();
  let over: readonly Over[] = [];
  /** Of troubles that another process saw before this one did. */
  const recalled = new Map<string, number>();
  return {
    saw: (troubles: readonly Trouble[], silent: ReadonlySet<Source>, atMs: number): void => {
      const now = new Map<Trouble["key"], Standing>();
      for (const trouble of troubles) {
        const last = standing.get(trouble.key);
        const toldMs = trouble.sinceMs ?? recalled.get(trouble.key) ?? atMs;
        const sinceMs = Math.min(toldMs, last?.sinceMs ?? atMs);
        now.set(trouble.key, { ...trouble, sinceMs, isOld: false });
      }
      const ended: Over[] = [];
      for (const [key, last] of standing) {
        if (now.has(key)) continue;
        if (silent.has(last.source)) now.set(key, { ...last, isOld: true });
        else ended.push({ key, what: last.what, sinceMs: last.sinceMs, untilMs: atMs });
        if (!now.has(key)) recalled.delete(key);
      }
      standing = now;
      over = [...ended, ...over].filter(({ untilMs }) => atMs - untilMs < OVER_MS).slice(0, OVER_MAX);
    },
    /** What stood when it was seen last, not long ago: it has gone on where it stands now. */
    recall: (since: ReadonlyMap<string, number>): void => {
      for (const [key, sinceMs] of since) recalled.set(key, sinceMs);
    },
    /** The worst first, among equals the oldest. */
    standing: (): readonly Standing[] => [...standing.values()].toSorted(worstFirst),
    /** The latest first. */
    over: (): readonly Over[] => over,
  };
};
