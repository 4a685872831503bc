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

export const merge = (into: Tally, { failures, ...numbers }: Tally): void => {
  for (const name of Object.keys(numbers) as (keyof typeof numbers)[]) into[name] += numbers[name];
  into.failures.push(...failures);
};

export const count = (
  tally: Tally,
  { seed, violations, copies, accepted, dead, simulatedMs }: SimulationResult,
): void =>
  merge(tally, {
    seeds: 1,
    accepted,
    relayed: copies,
    dead,
    simulatedMs,
    failures: violations.length > 0 ? [{ seed, violations }] : [],
  });
