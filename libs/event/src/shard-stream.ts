import type { Appended, RowRun, ShardChunk, TierPromise, Total } from "./tier.ts";

/** The right to pump one shard. Every write names the token; a smaller or unknown one is refused. */
export type Lease = { readonly shard: number; readonly owner: string; readonly token: number };

/** One entry of a shard's stream: a chunk and what is known about it without decoding it. */
export type Entry = {
  /** Its place in the stream. */
  readonly id: string;
  /**
   * What it is known and settled by: the id, a space and the beginning of the chunk, which holds a checksum. An id alone is
   * given twice after a failover to a server that lacks the last entries and whose clock is behind, and a settle meant
   * for the first entry would remove the second (found by the simulation, V2).
   */
  readonly ref: string;
  readonly chunk: Uint8Array;
  /** Indexes of events in the chunk that were duplicates when it was appended; they are not relayed. Increasing, below `total`. */
  readonly skip: readonly number[];
  /** Events in the chunk that are not skipped: what the append counted as accepted, and settling counts, also of a damaged entry. */
  readonly events: number;
  /**
   * How many events the chunk must hold, the skipped ones included. Null when what stands beside the chunk contradicts itself
   * or was not written by an append: then nobody knows what is to be skipped.
   */
  readonly total: number | null;
  /**
   * Who appended it, and how many events of that writer the shard has had with it; and which rows of the outbox it is made of, if it is.
   * Null when nobody can say.
   */
  readonly from: { readonly writer: string; readonly total: number; readonly rows?: readonly RowRun[] } | null;
  /** What the entry counts for in the backlog's bytes. */
  readonly storedBytes: number;
};

export type Settled = {
  /** Refs. An id alone stands for whatever has it. */
  readonly entries: readonly string[];
  /** Of their events, at most. */
  readonly relayed: number;
  /** Of their events, at most, those that were parked; the rest of what is removed is dead. */
  readonly parked?: number;
};

/**
 * The topics of a shard that are marked as parked. `told`: whom an owner has told all of them: the server that answers; another
 * one, so that this one may lack some; or nobody, since Redis was emptied or is new.
 */
export type ParkedMarks = {
  readonly topics: readonly string[];
  readonly told: "this-server" | "another" | "nobody";
};

/**
 * Counters of a shard since `epoch`, which names the stream's birth: another epoch means that Redis was emptied. What the
 * stream holds is `accepted - relayed - dead - parked`; `parked` counts every event that left it so, whatever became of it since.
 */
export type ShardCounts = {
  readonly epoch: string | null;
  readonly accepted: number;
  readonly duplicate: number;
  readonly relayed: number;
  readonly dead: number;
  readonly parked: number;
  readonly backlogBytes: number;
  /** Of each writer since then, and of each whose rows of the outbox were brought in. */
  readonly totals: readonly Total[];
  /** The stream is there, and all that it has had has left it. */
  readonly isEmpty: boolean;
};

/** `stamp` is another one each time, also when the diversion had begun. */
export type Diverted = { readonly kind: "diverted"; readonly stamp: string } | { readonly kind: "fenced" };

export type Birth = { readonly server: string; readonly epoch: string };

/**
 * The relay's side of the streams. There is no consumer group: the lease makes the reader exclusive, and an entry
 * stays in the stream until it is settled, so whatever the stream holds is exactly what is pending, and a new owner
 * starts at the beginning (V3: a group adds a second list that can be lost, and XAUTOCLAIM to read it).
 */
export type ShardStream = {
  /**
   * Entries after `after` (`"0"` = from the start), in id order, at most `entriesMax`; waits up to `waitMs` for the
   * first and answers `[]` when none came. Rejects with `Unavailable`, also when the server is frozen.
   */
  read(shard: number, after: string, entriesMax: number, waitMs: number): Promise<readonly Entry[]>;
  /** Removes entries that Kafka confirmed, the dead letters hold or are parked. Safe to repeat. `fenced`: another owner has the lease, nothing was done. */
  settle(lease: Lease, settled: Settled): Promise<"ok" | "fenced">;
  /** Begins the diversion, which sends every edge's appends for this shard to the outbox, or renews its stamp. */
  divert(lease: Lease): Promise<Diverted>;
  /** The stamp of the diversion; null while there is none. */
  diversion(shard: number): Promise<string | null>;
  /**
   * Ends the diversion, if its stamp is this one: to be read before the outbox is read empty. `renewed`: somebody has raised
   * it since, so that the outbox may hold what that read did not see; it goes on.
   */
  endDiversion(lease: Lease, stamp: string): Promise<"ok" | "renewed" | "fenced">;
  /** Marks topics of the shard as parked, or as such no more. `all`: marks them, and says that there are no others. */
  park(lease: Lease, topics: readonly string[], as: "begin" | "all" | "end"): Promise<"ok" | "fenced">;
  /** The marks, which every owner must obey. */
  parked(shard: number): Promise<ParkedMarks>;
  /** Append for the drain: passes the diversion, obeys the limits. */
  append(lease: Lease, chunk: ShardChunk): Promise<Appended | { readonly kind: "fenced" }>;
  /** All as of one moment. */
  counts(shard: number): Promise<ShardCounts>;
  /** Which server answers, and what the stream's epoch is ("": none). Another answer: something may be missing. */
  birth(shard: number): Promise<Birth>;
  /** How many events of these dedup keys the shard does not know: it has lost them, or never had them. */
  missing(shard: number, dedupKeys: string): Promise<number>;
  /** The time of the oldest entry, null for none, and the present one: both by the server's clock, ms since 1970. */
  oldest(shard: number): Promise<{ readonly nowMs: number; readonly oldestAtMs: number | null }>;
  /** These writers append no more: their totals are forgotten. `fenced` as above. */
  forget(lease: Lease, writers: readonly string[]): Promise<"ok" | "fenced">;
  /** What the servers' settings are worth now, of all of them together. Rejects with `Unavailable`. */
  promise(): Promise<TierPromise>;
};

/** Leases over shards. All reject with `Unavailable`. Times are measured by the server's clock. */
export type Leases = {
  /** Says that this owner lives for `ttlMs` more, and answers all live owners in a stable order. */
  announce(owner: string, ttlMs: number): Promise<readonly string[]>;
  withdraw(owner: string): Promise<void>;
  /**
   * A new lease with a new token, or null when another owner's has not expired. One's own is renewed under a new token.
   * Tokens grow, and are greater than `above`: a server that was emptied or went back may know only smaller ones.
   */
  take(shard: number, owner: string, ttlMs: number, above?: number): Promise<Lease | null>;
  renew(lease: Lease, ttlMs: number): Promise<boolean>;
  release(lease: Lease): Promise<void>;
};
