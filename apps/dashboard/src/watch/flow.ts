/** Events of all time, as one look counted them. */
export type FlowCount = { readonly atMs: number; readonly accepted: number; readonly ended: number };

/** Per second; null: not known. */
export type Flow = { readonly inPerSecond: number | null; readonly outPerSecond: number | null };

const WINDOW_MS = 15_000;
/** Of less time a rate says more about when was looked than about what came. */
const SHORTEST_MS = 2_000;

/** Rates over the last quarter of a minute. What goes back was emptied: nothing is known of the time before. */
export const createFlow = () => {
  let counts: FlowCount[] = [];
  let isCurrent = false;
  return {
    /** Null: this look could not count. */
    saw: (count: FlowCount | null): void => {
      isCurrent = count !== null;
      if (count === null) return;
      const last = counts.at(-1);
      if (last !== undefined && (count.accepted < last.accepted || count.ended < last.ended)) counts = [];
      counts.push(count);
      counts = counts.filter(({ atMs }) => count.atMs - atMs <= WINDOW_MS);
    },
    rates: (): Flow => {
      const [first, last] = [counts[0], counts.at(-1)];
      const ms = first && last ? last.atMs - first.atMs : 0;
      if (!isCurrent || !first || !last || ms < SHORTEST_MS) return { inPerSecond: null, outPerSecond: null };
      return {
        inPerSecond: ((last.accepted - first.accepted) * 1_000) / ms,
        outPerSecond: ((last.ended - first.ended) * 1_000) / ms,
      };
    },
  };
};
