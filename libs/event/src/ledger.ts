import type { Lease, ShardCounts } from "./shard-stream.ts";

/**
 * The owner's copy of a shard's counters outside of Redis, written about once a second. A copy with another epoch, or
 * smaller counters, than the last one tells that Redis was emptied: what was pending in the last copy and is gone is
 * added to `unaccounted`. Copies are ordered by (lease token, sequence): one that arrives behind a later one changes
 * nothing, or a write that was late, or a former owner's, would look like an emptied Redis. `token`: of the copy that
 * stands now, which is greater than the caller's, or its own under another's sequence, when the caller's changed nothing
 * (`late`). Rejects with `Unavailable`.
 */
export type Ledger = {
  checkpoint(lease: Lease, sequence: number, counts: ShardCounts): Promise<Checkpointed>;
};

export type Checkpointed = { readonly unaccounted: number; readonly token: number; readonly late: boolean };
