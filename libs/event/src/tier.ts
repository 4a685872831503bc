/** One encoded chunk of one shard, ready to be made durable. The tier does not look inside. */
export type ShardChunk = {
  readonly shard: number;
  readonly chunk: Uint8Array;
  /** Number of events in the chunk. */
  readonly events: number;
  /** Their dedup keys, `DIGEST96_LENGTH` characters each, in the order of the events, without a separator. */
  readonly dedupKeys: string;
  /**
   * Who appends it to the stream; nobody's events are counted for nobody. Its copy, and its row in the outbox, keep that: should the stream
   * take it, its events are numbered from `floor` on.
   */
  readonly from?: Writing;
  /** Who puts it into the outbox, and how many of its events it knows that to have had. */
  readonly putBy?: Writing;
  /** The rows of the outbox of which it is made, in the order of its events. */
  readonly rows?: readonly RowRun[];
};

/**
 * So many events in a row that one writer (null: nobody's) put into the outbox, and how many of its events that had had with them: their
 * numbers there are the last ones below `total`.
 */
export type RowRun = readonly [writer: string | null, total: number, events: number];

/** A writer, and how many of its events it knows to have been had. */
export type Writing = { readonly writer: string; readonly floor: number };

/** How many events of a writer a shard has had, in the stream or in the outbox, each counted once. */
export type Total = readonly [writer: string, total: number];

/**
 * What a tier did with one chunk.
 *
 * - `ok`: recorded on disk; `duplicates` are the indexes of the events that were known already and were dropped. `totals`: the
 *   writer's; with duplicates those of all writers of the stream, since one of them appended the first copy.
 * - `behind`: nothing written, the tier has not had `floor` events of the writer: it went back.
 * - `full`: nothing written, the shard's backlog is at its limit.
 * - `diverted`: nothing written, the shard's outbox is being drained; write to the outbox instead.
 * - `retriable`: unknown. The write may have happened or may still happen.
 */
export type Appended =
  | { readonly kind: "ok"; readonly duplicates: readonly number[]; readonly totals?: readonly Total[] }
  | { readonly kind: "behind" }
  | { readonly kind: "full" }
  | { readonly kind: "diverted" }
  | { readonly kind: "retriable"; readonly code: string };

/**
 * Whether what a tier answers `ok` to is on disk and stays there, by the settings of its backend; `because` names them.
 *
 * - `broken`: one of them says that it is not (no AOF, eviction).
 * - `mending`: all of them are as they should be, and the AOF is being written anew. After `CONFIG SET appendonly yes` Redis
 *   says `yes` at once, and a crash before that rewrite ends (1.6 s with 200 MB) takes all that came since `no`.
 * - `unknown`: the backend answers and does not tell them, so nothing is known, neither way.
 */
export type TierPromise =
  | { readonly state: "kept" }
  | { readonly state: "broken" | "mending" | "unknown"; readonly because: readonly string[] };

export const promiseStates: readonly TierPromise["state"][] = ["kept", "broken", "mending", "unknown"];

/** Whether what the stream takes now may be gone after a crash. */
export const isWeak = (promise: TierPromise["state"]): boolean => promise === "broken" || promise === "mending";

/**
 * What is known once a server has told this. What it broke it alone can mend: one that no longer tells (a right that was
 * taken, a fault of the REST server) proves nothing. And a rewrite of what was kept before is Redis's daily work.
 */
export const promiseAfter = (known: TierPromise | null, told: TierPromise): TierPromise => {
  if (known === null) return told;
  const isNoNews = isWeak(known.state) ? told.state === "unknown" : told.state === "mending";
  return isNoNews ? known : told;
};

/**
 * What becomes of events while Redis says that it does not keep what it takes (`ON_WEAK_REDIS`). They go by the outbox and
 * stay there; or all goes on and is only said; or an edge refuses them.
 */
export const onWeakRedisChoices = ["outbox", "warn", "refuse"] as const;
export type OnWeakRedis = (typeof onWeakRedisChoices)[number];

/** State of a backend as `/readyz` shows it. `warnings` say in words what is wrong with its settings. */
export type TierHealth = {
  readonly status: "up" | "down";
  readonly warnings: readonly string[];
  /** Null: it was not to be heard, so what was known last holds. */
  readonly promise: TierPromise | null;
};

/**
 * A place where the edge makes events durable. One backend, no choosing, no retry inside.
 * Contract: at most one chunk per shard in a call; one answer per chunk, in order; every answer arrives within about
 * `deadlineMs`; never rejects for a vendor's error; each chunk is recorded as a whole or not at all; repeating is safe.
 */
export type Tier = {
  readonly name: "stream" | "outbox" | "copies";
  append(chunks: readonly ShardChunk[], deadlineMs: number): Promise<readonly Appended[]>;
  /** Never rejects. */
  health(deadlineMs: number): Promise<TierHealth>;
};

/** The first tier. */
export type StreamTier = Tier & {
  readonly name: "stream";
  /**
   * Diverts these shards for every edge, or renews the stamps of their diversions, since the outbox holds events of them.
   * Answers null when all of it is done, else a code: it is not known of which of them it is. A drain ends it.
   */
  divert(shards: readonly number[], deadlineMs: number): Promise<string | null>;
};

/** Throws a `RangeError` for a call that breaks the contract, so that a caller's slip shows. */
export const oneChunkPerShard = (chunks: readonly ShardChunk[]): void => {
  if (new Set(chunks.map((chunk) => chunk.shard)).size !== chunks.length)
    throw new RangeError("a call holds two chunks of one shard");
};
