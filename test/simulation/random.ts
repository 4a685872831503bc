/** Chance from one seed. Two with the same seed answer the same for ever. */
export type Random = {
  /** 0 ≤ x < 1. */
  next(): number;
  /** 0 ≤ n < `below`. */
  below(below: number): number;
  /** `from` ≤ n ≤ `to`, whole. */
  between(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** One's own chance, so that what a part draws does not shift what the others draw. */
  fork(): Random;
};

const mix = (seed: number): number => {
  let h = Math.imul(seed ^ (seed >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

/** Mulberry32: 32 bits of state are plenty for the few thousand draws of a seed. */
export const createRandom = (seed: number): Random => {
  let state = mix(seed + 0x9e3779b9);
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    between: (from, to) => from + below(to - from + 1),
    chance: (probability) => next() < probability,
    pick: (from) => {
      const picked = from[below(from.length)];
      if (picked === undefined) throw new RangeError("nothing to pick from");
      return picked;
    },
    fork: () => createRandom(below(2 ** 31)),
  };
};
