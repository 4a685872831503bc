import { DIGEST96_LENGTH } from "@spillway/event";

const split = (dedupKeys: string): string[] => {
  const keys: string[] = [];
  for (let at = 0; at < dedupKeys.length; at += DIGEST96_LENGTH) keys.push(dedupKeys.slice(at, at + DIGEST96_LENGTH));
  return keys;
};

/** By the key, the entry that it is in. */
type Places = Map<string, string>;
type Remembered = { readonly window: number; readonly current: Places; readonly previous: Places };

export type DedupKeys = {
  /** Indexes of the keys that are known, or that stand in `dedupKeys` for the second time. */
  duplicates(dedupKeys: string, nowMs: number): number[];
  /** Of a chunk without those of its events that are skipped. */
  remember(dedupKeys: string, skip: readonly number[], entry: string, nowMs: number): void;
  /** Undefined: it is not known. */
  entryOf(dedupKey: string, nowMs: number): string | undefined;
  /** What came before that is forgotten. */
  sinceMs(nowMs: number): number;
  copy(): DedupKeys;
};

/**
 * The dedup keys that one shard has recorded lately: a map per window, the current and the previous one are asked, so
 * that an id is remembered for one to two windows.
 */
export const createDedupKeys = (
  windowMs: number,
  from: Remembered = { window: 0, current: new Map(), previous: new Map() },
): DedupKeys => {
  let { window, current, previous } = from;

  const turnTo = (nowMs: number): void => {
    const now = Math.floor(nowMs / windowMs);
    if (now === window) return;
    previous = now === window + 1 ? current : new Map();
    current = new Map();
    window = now;
  };

  return {
    duplicates: (dedupKeys: string, nowMs: number): number[] => {
      turnTo(nowMs);
      const here = new Set<string>();
      const indexes: number[] = [];
      for (const [index, key] of split(dedupKeys).entries()) {
        if (here.has(key) || current.has(key) || previous.has(key)) indexes.push(index);
        here.add(key);
      }
      return indexes;
    },
    copy: (): DedupKeys =>
      createDedupKeys(windowMs, { window, current: new Map(current), previous: new Map(previous) }),
    remember: (dedupKeys, skip, entry, nowMs): void => {
      turnTo(nowMs);
      for (const [index, key] of split(dedupKeys).entries()) if (!skip.includes(index)) current.set(key, entry);
    },
    entryOf: (dedupKey, nowMs) => {
      turnTo(nowMs);
      return current.get(dedupKey) ?? previous.get(dedupKey);
    },
    sinceMs: (nowMs) => (Math.floor(nowMs / windowMs) - 1) * windowMs,
  };
};
