import { seededRandom } from "@spillway/event/seeded-random";

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

export const createRandom = (seed: number): Random => {
  const next = seededRandom(mix(seed + 0x9e3779b9));
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
