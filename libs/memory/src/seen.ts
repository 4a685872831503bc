/** Seen ids live in three sets of half a window each, so that one is remembered for 1 to 1.5 windows. */
const SETS = 3;
const DEDUP_KEY_LENGTH = 16;

/** The dedup keys that one shard has recorded lately. */
export type SeenIds = {
  /** Indexes of the keys that are known, or that stand in `dedupKeys` for the second time. */
  duplicates(dedupKeys: string, nowMs: number): number[];
  remember(dedupKeys: string, nowMs: number): void;
};

const split = (dedupKeys: string): string[] => {
  const keys: string[] = [];
  for (let at = 0; at < dedupKeys.length; at += DEDUP_KEY_LENGTH) keys.push(dedupKeys.slice(at, at + DEDUP_KEY_LENGTH));
  return keys;
};

export const createSeenIds = (windowMs: number): SeenIds => {
  const periodMs = windowMs / (SETS - 1);
  let sets: { readonly period: number; readonly keys: Set<string> }[] = [];

  const current = (nowMs: number): Set<string> => {
    const period = Math.floor(nowMs / periodMs);
    sets = sets.filter((set) => set.period > period - SETS);
    const found = sets.find((set) => set.period === period);
    if (found) return found.keys;
    const keys = new Set<string>();
    sets.push({ period, keys });
    return keys;
  };

  return {
    duplicates: (dedupKeys, nowMs) => {
      current(nowMs);
      const here = new Set<string>();
      const indexes: number[] = [];
      for (const [index, key] of split(dedupKeys).entries()) {
        if (here.has(key) || sets.some((set) => set.keys.has(key))) indexes.push(index);
        here.add(key);
      }
      return indexes;
    },
    remember: (dedupKeys, nowMs) => {
      const keys = current(nowMs);
      for (const key of split(dedupKeys)) keys.add(key);
    },
  };
};
