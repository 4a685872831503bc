/**
 * Numbers 0 ≤ x < 1 from one seed, the same ones everywhere and for ever: what tests, the simulation and the fault suite draw
 * from. Mulberry32: 32 bits of state are plenty for the few thousand draws of a seed.
 */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};
