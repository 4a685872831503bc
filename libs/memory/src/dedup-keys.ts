import { DIGEST96_LENGTH } from "@spillway/event";

const split = (dedupKeys: string): string[] => {
  const keys: string[] = [];
  for (let at = 0; at < dedupKeys.length; at += DIGEST96_LENGTH) keys.push(dedupKeys.slice(at, at + DIGEST96_LENGTH));
  return keys;
};

type Remembered = { readonly window: number; readonly current: Set<string>; readonly previous: Set<string> };

export type DedupKeys = {
  /** Indexes of the keys that are known, or that stand in `dedupKeys` for the second time. */
  duplicates(dedupKeys: string, nowMs: number): number[];
  remember(dedupKeys: string, nowMs: number): void;
  copy(): DedupKeys;
};

/**
 * The dedup keys that one shard has recorded lately: a set per window, the current and the previous one are asked, so
 * that an id is remembered for one to two windows.
 */
export const createDedupKeys = (
  windowMs: number,
  from: Remembered = { window: 0, current: new Set(), previous: new Set() },
): DedupKeys => {
  let { window, current, previous } = from;

  const turnTo = (nowMs: number): void => {
    const now = Math.floor(nowMs / windowMs);
    if (now === window) return;
    previous = now === window + 1 ? current : new Set();
    current = new Set();
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
      createDedupKeys(windowMs, { window, current: new Set(current), previous: new Set(previous) }),
    remember: (dedupKeys: string, nowMs: number): void => {
      turnTo(nowMs);
      for (const key of split(dedupKeys)) current.add(key);
    },
  };
};
