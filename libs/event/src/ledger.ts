import type { Lease, ShardCounts } from "./shard-stream.ts";
import type { Folded, Judged, Loss, WriterRow } from "./unaccounted.ts";
import type { Accounts } from "./writer.ts";

/**
 * What is known of a shard outside of Redis. Its owner copies the counters about once a second, with what it found lost by
 * what the copy before had answered. Copies are ordered by (lease token, sequence): one that arrives behind a later one
 * changes nothing, or a write that was late, or a former owner's, would stand for the present. `token`: of the copy that
 * stands now, which is greater than the caller's, or its own under another's sequence, when the caller's changed nothing
 * (`late`). Rejects with `Unavailable`.
 */
export type Ledger = Accounts & {
  checkpoint(lease: Lease, sequence: number, copy: ShardCopy): Promise<Checkpointed>;
  /**
   * Rows of writers of which nothing is left to look at, and that nobody has changed since: from now on `checkpoint` answers them only while
   * the shard has totals of theirs, or once somebody has recorded news of them.
   */
  retire(shard: number, rows: readonly Judged[]): Promise<void>;
  /** Deletes the rows of dead writers that nobody has changed since, and keeps what was lost of them, in one step. */
  fold(shard: number, rows: readonly Folded[]): Promise<void>;
};

/** `losses` is null when the owner does not know yet: then what was found last stays. `possible`: found with them; none unless given. */
export type ShardCopy = {
  readonly counts: ShardCounts;
  readonly losses: readonly Loss[] | null;
  readonly possible?: readonly Loss[];
};

export type Checkpointed = {
  readonly token: number;
  readonly late: boolean;
  readonly writers: readonly WriterRow[];
  /** Lost events of writers that have no row any more. */
  readonly folded: number;
};
