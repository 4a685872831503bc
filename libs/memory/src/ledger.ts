import type { Ledger, ShardCounts } from "@spillway/event";
import type { Outages } from "./outages.ts";

const pending = (counts: ShardCounts): number => counts.accepted - counts.relayed - counts.dead;

/** Counters only grow, and an epoch is written once: anything else is another stream than the one last seen. */
const wasEmptied = (last: ShardCounts, now: ShardCounts): boolean =>
  last.epoch !== null &&
  (now.epoch !== last.epoch || now.accepted < last.accepted || now.relayed < last.relayed || now.dead < last.dead);

export const createLedger = (outages: Outages): Ledger => {
  const copies = new Map<number, { readonly counts: ShardCounts; readonly unaccounted: number }>();
  return {
    checkpoint: async (shard, counts) => {
      outages.check("postgres");
      const last = copies.get(shard);
      const gone = last && wasEmptied(last.counts, counts) ? pending(last.counts) : 0;
      const unaccounted = (last?.unaccounted ?? 0) + gone;
      copies.set(shard, { counts, unaccounted });
      return { unaccounted };
    },
  };
};
