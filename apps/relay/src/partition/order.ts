import type { RelayRecord } from "../shard/in-hand.ts";

/**
 * The order in which a lane took records into its batches, for those whose batch failed. A broker that names what it
 * refuses takes it out of the midst, so neither what is held nor what is left of the batch is all older than the other.
 */
export const createOrder = () => {
  const positions = new WeakMap<RelayRecord, number>();
  let next = 0;
  return {
    /** These failed together, in their order; nothing older follows that was not noted. */
    note: (records: readonly RelayRecord[]): void => {
      const [first] = records;
      // Parts of a batch, and what is asked for again, were noted with the whole.
      if (first === undefined || positions.has(first)) return;
      for (const record of records) positions.set(record, next++);
    },
    /** Infinity for a record that was not noted: it is newer than all that were. */
    of: (record: RelayRecord): number => positions.get(record) ?? Number.POSITIVE_INFINITY,
  };
};

export type Order = ReturnType<typeof createOrder>;
