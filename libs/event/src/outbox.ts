import type { Lease } from "./shard-stream.ts";
import type { Appended, ShardChunk, Tier, Total } from "./tier.ts";
import type { Position } from "./writer.ts";

/** How much waits in the outbox. */
export type OutboxSize = { readonly events: number; readonly bytes: number; readonly oldestAtMs: number | null };

/** The outbox as the edge sees it: the second tier, and the answer to "may this shard go back to the stream?". */
export type OutboxTier = Tier & {
  readonly name: "outbox";
  /**
   * Keeps a copy of chunks that the stream is given at the same time. As `append`, but nobody drains them; and an `append` of the same
   * chunk takes its copy away in the same moment, so that it is not ahead of what the outbox held before it.
   */
  copy(chunks: readonly ShardChunk[], deadlineMs: number): Promise<readonly Appended[]>;
  /** Which of these shards have a committed row now. Rejects with `Unavailable`. */
  occupied(shards: readonly number[], deadlineMs: number): Promise<readonly number[]>;
  /** Rejects with `Unavailable`. */
  size(deadlineMs: number): Promise<OutboxSize>;
};

/** One outbox row, in the order of the table's ids. */
export type OutboxRow = {
  readonly id: string;
  readonly shard: number;
  readonly chunk: Uint8Array;
  readonly events: number;
  /** Who put it there, and how many events of that writer there were with it; null: nobody who accounts for them. */
  readonly putBy: Total | null;
};

/**
 * The outbox as the drain sees it. `drain` takes the shard's rows for the lease's token, shows the oldest, in id order and at most
 * `rowsMax`, to `move`, and then deletes the first n of them, n being what `move` answered. If it fails after `move`, the rows stay
 * and are moved again: their appends are then duplicates. In the same step it records what `positions` says then: or a drain
 * that died would take with it what it had appended, and the rows were gone. Answers how many rows it found and deleted.
 * Once a higher token has taken the rows, or they are gone, it deletes and records nothing; before the first read of its own it rejects with
 * `Unavailable`, "outranked". Rejects with `Unavailable`.
 */
export type OutboxDrain = {
  occupied(shards: readonly number[], deadlineMs: number): Promise<readonly number[]>;
  drain(
    lease: Pick<Lease, "shard" | "token">,
    rowsMax: number,
    move: (rows: readonly OutboxRow[]) => Promise<number>,
    positions?: () => readonly Position[],
  ): Promise<{ readonly found: number; readonly removed: number }>;
  size(deadlineMs: number): Promise<OutboxSize>;
  /** Calls back (at least) whenever rows may have arrived. A hint only: the caller polls as well. */
  watch(onRows: () => void): Promise<{ close(): Promise<void> }>;
};
