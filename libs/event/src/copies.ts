import type { OutboxSize } from "./outbox.ts";
import type { Range } from "./ranges.ts";

/** A chunk of a stream, once more in Postgres. Its id is from the outbox's sequence: lower is older, also of rows there. */
export type Copy = {
  readonly id: string;
  readonly shard: number;
  /** `copyKeyOf` the chunk under which its events are in the stream: another one, when several entered it together. */
  readonly key: string;
  readonly chunk: Uint8Array;
  readonly events: number;
};

/** Which numbers of a writer its events were given in the stream: each stands for one event for good. */
export type Named = { readonly writer: string; readonly numbers: Range };

/**
 * The row or the copy of this id, and the chunk that it is to be the copy of. `named`: the stream lacked its events, and took them
 * under these numbers; without it, what the row or the copy names stays.
 */
export type Keyed = Pick<Copy, "id" | "shard" | "key"> & { readonly named?: Named };

/**
 * The relay's side of the copies that edges keep of chunks whose events are to be in both tiers. Whatever is kept here and was never
 * settled can be appended to its stream again, where the dedup keys say what is there already. So a copy that is left over does no harm,
 * and none may be removed before its events were settled. A copy names the numbers under which its events are in the stream, or may be:
 * when it goes, or is given others, those met their end, in the same step; and numbers that come when it has gone already have met theirs:
 * whoever appended it once more was slower than whoever saw to its end. All reject with `Unavailable`.
 */
export type Copies = {
  /** Which of these shards have a committed copy now. */
  occupied(shards: readonly number[], deadlineMs: number): Promise<readonly number[]>;
  /** Copies of a shard behind `after` ("0": from the first), oldest first; `youngerThanMs`: only those that began since. */
  read(shard: number, after: string, copiesMax: number, youngerThanMs: number): Promise<readonly Copy[]>;
  /** The highest id of those that are older than that by Postgres's clock, or of all (`null`); null: there is none. */
  newest(shard: number, olderThanMs: number | null): Promise<string | null>;
  /** Makes copies of outbox rows. They stay in the outbox until the drain removes them. */
  keep(rows: readonly Keyed[]): Promise<void>;
  /** These copies are of other chunks now. */
  rekey(copies: readonly Keyed[]): Promise<void>;
  /** Removes those of chunks that were settled. */
  settled(keys: readonly string[]): Promise<void>;
  /** Removes these. */
  remove(ids: readonly string[]): Promise<void>;
  size(deadlineMs: number): Promise<OutboxSize>;
};
