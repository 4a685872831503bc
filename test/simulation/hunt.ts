import type { Bug } from "./bug.ts";
import { simulate } from "./simulation.ts";

/** A seed in which a bug shows, and by what. */
export type Found = { readonly seed: number; readonly violation: string };

/** What the seed breaks of the promises with the bug, if it keeps all of them without it. */
export const look = async (bug: Bug, seed: number): Promise<Found | null> => {
  const [violation] = (await simulate(seed, { bug })).violations;
  if (violation === undefined) return null;
  const healthy = await simulate(seed);
  return healthy.violations.length === 0 ? { seed, violation } : null;
};

/** The first seed, of so many, in which the bug shows. */
export const hunt = async (bug: Bug, seedsMax: number): Promise<Found | null> => {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const found = await look(bug, seed);
    if (found) return found;
  }
  return null;
};
