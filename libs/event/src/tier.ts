/** One encoded chunk of one shard, ready to be made durable. The tier does not look inside. */
export type ShardChunk = {
  readonly shard: number;
  readonly chunk: Uint8Array;
  /** Number of events in the chunk. */
  readonly events: number;
  /** Their dedup keys, `DIGEST96_LENGTH` characters each, in the order of the events, without a separator. */
  readonly dedupKeys: string;
};

/**
 * What a tier did with one chunk.
 *
 * - `ok`: recorded on disk; `duplicates` are the indexes of the events that were known already and were dropped.
 * - `full`: nothing written, the shard's backlog is at its limit.
 * - `diverted`: nothing written, the shard's outbox is being drained; write to the outbox instead.
 * - `retriable`: unknown. The write may have happened or may still happen.
 */
export type Appended =
  | { readonly kind: "ok"; readonly duplicates: readonly number[] }
  | { readonly kind: "full" }
  | { readonly kind: "diverted" }
  | { readonly kind: "retriable"; readonly code: string };

/** State of a backend as `/readyz` shows it. `warnings` name settings that break a promise (eviction, no AOF). */
export type TierHealth = {
  readonly status: "up" | "down";
  readonly warnings: readonly string[];
};

/**
 * A place where the edge makes events durable. One backend, no choosing, no retry inside.
 * Contract: at most one chunk per shard in a call; one answer per chunk, in order; every answer arrives within about
 * `deadlineMs`; never rejects for a vendor's error; each chunk is recorded as a whole or not at all; repeating is safe.
 */
export type Tier = {
  readonly name: "stream" | "outbox";
  append(chunks: readonly ShardChunk[], deadlineMs: number): Promise<readonly Appended[]>;
  /** Never rejects. */
  health(deadlineMs: number): Promise<TierHealth>;
};

/** Throws a `RangeError` for a call that breaks the contract, so that a caller's slip shows. */
export const oneChunkPerShard = (chunks: readonly ShardChunk[]): void => {
  if (new Set(chunks.map((chunk) => chunk.shard)).size !== chunks.length)
    throw new RangeError("a call holds two chunks of one shard");
};
