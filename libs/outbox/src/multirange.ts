import type { Range, Ranges } from "@spillway/event";

/** As Postgres writes an int8range. */
export const rangeOf = ([from, below]: Range): string => `[${from},${below})`;

/** As Postgres writes an int8multirange. */
export const multirangeOf = (ranges: Ranges): string => `{${ranges.map(rangeOf).join()}}`;

export const rangesOf = (multirange: string): Ranges =>
  [...multirange.matchAll(/\[(\d+),(\d+)\)/g)].map(([, from, below]): Range => [Number(from), Number(below)]);
