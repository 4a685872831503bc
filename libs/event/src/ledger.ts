import type { Lease, ShardCounts } from "./shard-stream.ts";

/**
 * The owner's copy of a shard's counters outside of Redis, written about once a second. A copy with another epoch, or
 * smaller counters, than the last one tells that Redis was emptied: what was pending in the last copy and is gone is
 * added to `unaccounted`. Copies are ordered by (lease token, sequence): one that arrives behind a later one changes
 * nothing, or a write that was late, or a former owner's, would look like an emptied Redis. Rejects with `Unavailable`.
 */
export type Ledger = {
  checkpoint(lease: Lease, sequence: number, counts: ShardCounts): Promise<{ readonly unaccounted: number }>;
};
