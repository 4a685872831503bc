import type { ShardCounts } from "./shard-stream.ts";

/**
 * The owner's copy of a shard's counters outside of Redis, written about once a second. A copy with another epoch, or
 * smaller counters, than the last one tells that Redis was emptied: what was pending in the last copy and is gone is
 * added to `unaccounted`. Rejects with `Unavailable`.
 */
export type Ledger = {
  checkpoint(shard: number, counts: ShardCounts): Promise<{ readonly unaccounted: number }>;
};
