/** Numbers from and below, in order and apart from each other. */
export type Range = readonly [from: number, below: number];
export type Ranges = readonly Range[];

/** Joins a range to these, in place. */
export const addRange = (ranges: Range[], from: number, below: number): void => {
  if (from >= below) return;
  let first = ranges.length;
  while (first > 0 && (ranges[first - 1] as Range)[1] >= from) first--;
  let next = first;
  let [low, high] = [from, below];
  for (; next < ranges.length && (ranges[next] as Range)[0] <= below; next++) {
    const [start, end] = ranges[next] as Range;
    [low, high] = [Math.min(low, start), Math.max(high, end)];
  }
  ranges.splice(first, next - first, [low, high]);
};

export const unionOf = (...sets: readonly Ranges[]): Ranges => {
  const all: Range[] = [];
  for (const [from, below] of sets.flat().sort(([a], [b]) => a - b)) addRange(all, from, below);
  return all;
};

/** What of the numbers below `below` stands in none of these. */
export const missingOf = (below: number, ...sets: readonly Ranges[]): Ranges => {
  const missing: Range[] = [];
  let at = 0;
  for (const [from, to] of unionOf(...sets)) {
    addRange(missing, at, Math.min(from, below));
    at = Math.max(at, to);
  }
  addRange(missing, at, below);
  return missing;
};

export const countOf = (ranges: Ranges): number => ranges.reduce((sum, [from, below]) => sum + below - from, 0);
