import type { Bug } from "./bug.ts";
import { simulate } from "./simulation.ts";

/** A seed in which a bug shows, and by what. */
export type Found = { readonly seed: number; readonly violation: string };

/** The first seed, of so many, that breaks a promise with the bug and keeps all of them without it. */
export const hunt = async (bug: Bug, seedsMax: number): Promise<Found | null> => {
  const { from = 1 } = bug;
  for (let seed = from; seed < from + seedsMax; seed++) {
    const [violation] = (await simulate(seed, { bug })).violations;
    if (violation === undefined) continue;
    const healthy = await simulate(seed);
    if (healthy.violations.length === 0) return { seed, violation };
  }
  return null;
};
