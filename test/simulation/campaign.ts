import type { SimulationResult } from "./simulation.ts";

/** What many seeds came to. */
export type Tally = {
  seeds: number;
  accepted: number;
  relayed: number;
  dead: number;
  simulatedMs: number;
  readonly failures: { readonly seed: number; readonly violations: readonly string[] }[];
};

export const createTally = (): Tally => ({
  seeds: 0,
  accepted: 0,
  relayed: 0,
  dead: 0,
  simulatedMs: 0,
  failures: [],
});

export const count = (tally: Tally, result: SimulationResult): void => {
  tally.seeds++;
  tally.accepted += result.accepted;
  tally.relayed += result.copies;
  tally.dead += result.dead;
  tally.simulatedMs += result.simulatedMs;
  if (result.violations.length > 0) tally.failures.push({ seed: result.seed, violations: result.violations });
};

export const merge = (into: Tally, tally: Tally): void => {
  into.seeds += tally.seeds;
  into.accepted += tally.accepted;
  into.relayed += tally.relayed;
  into.dead += tally.dead;
  into.simulatedMs += tally.simulatedMs;
  into.failures.push(...tally.failures);
};
