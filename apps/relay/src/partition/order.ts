import type { RelayRecord } from "../shard/in-hand.ts";

/**
 * The order in which a lane took records into its batches, for those whose batch failed. A broker that names what it
 * refuses takes it out of the midst, so neither what is held nor what is left of the batch is all older than the other.
 */
export const createOrder = () => {
  const positions = new WeakMap<RelayRecord, number>();
  let next = 0;
  /** Infinity for a record that was not noted: it is newer than all that were. */
  const of = (record: RelayRecord): number => positions.get(record) ?? Number.POSITIVE_INFINITY;
  return {
    /** These failed together, in their order; nothing older follows that was not noted. Each is noted once, also of what was put back. */
    note: (records: readonly RelayRecord[]): void => {
      for (const record of records) if (!positions.has(record)) positions.set(record, next++);
    },
    of,
    /** These, the oldest first; those that were not noted as they stand. */
    sorted: (records: readonly RelayRecord[]): RelayRecord[] =>
      records.toSorted((a, b) => (of(a) === of(b) ? 0 : of(a) - of(b))),
  };
};

export type Order = ReturnType<typeof createOrder>;
