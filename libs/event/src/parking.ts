import type { Lease, ShardCounts } from "./shard-stream.ts";
import type { Total, Writing } from "./tier.ts";

/** Where a parked event came from, which with its shard says which one it is. */
export type ParkedPlace = {
  /** Of its stream entry. */
  readonly ref: string;
  /** Its place in the entry's chunk. */
  readonly index: number;
};

/** The same as one string, within its shard. */
export const placeOf = ({ ref, index }: ParkedPlace): string => `${ref} ${index}`;

/** An event that waits outside of its stream: a chunk of its own, and where it came from. */
export type ParkedEvent = ParkedPlace & {
  readonly chunk: Uint8Array;
  /** What a lookup knows it by. */
  readonly dedupKey?: string;
};

/**
 * As it is kept, in the order of the ids. A Postgres that went back gives the same ids again. `from`: who has put it, and its number there;
 * null: a Spillway that had no numbers for it.
 */
export type ParkedRow = ParkedEvent & {
  readonly id: string;
  readonly from: { readonly writer: string; readonly number: number } | null;
};

/**
 * `ok`: all of them wait; `first`: the smallest of the ids under which they are kept now, null: of none. They have the numbers of their writer from its
 * floor on, in their order, but for `duplicates`, by their indexes, which waited already; `totals` are the writer's, and of those who have put the
 * duplicates. `behind`: nothing was put, Postgres has not had so many events of the writer.
 */
export type ParkedPut =
  | {
      readonly kind: "ok";
      readonly first: string | null;
      readonly totals: readonly Total[];
      readonly duplicates: readonly number[];
    }
  | { readonly kind: "behind" | "full" | "fenced" };

/** What is kept of one shard's topic. Bytes are those of chunks. `died`: of all that ever left it, those that became dead letters. */
export type ParkedTopic = {
  readonly shard: number;
  readonly topic: string;
  /** Of the owner who opened it last: who has a lower one is fenced. */
  readonly token: number;
  readonly sinceMs: number;
  /** Why, by the sink's or the relay's table of codes. */
  readonly code: string;
  readonly events: number;
  readonly bytes: number;
  readonly died: number;
};

/** A topic, all shards together, that holds so much takes no more; exceeded by one `put` a shard at most. */
export type ParkingLimits = { readonly eventsMax: number; readonly bytesMax: number };

/**
 * Where the events of a shard wait whose topic takes none, so that the shard's other topics go on. They are read in the
 * order in which they were put; an event, which is (shard, ref, index), is put once however often it is repeated while
 * it is kept. Only the owner whose token was opened last puts: what a former one sent too late is not taken, or is there
 * before `open` answers. All reject with `Unavailable`: it may have happened or may still happen, and is to be repeated.
 */
export type Parking = {
  /** Must be called before the other ones of each term. `why` is kept while events wait; null: as it was said before. */
  open(lease: Lease, topic: string, why: { readonly code: string } | null): Promise<"ok" | "fenced">;
  /** All or none, durably; each once in one call. */
  put(
    lease: Lease,
    topic: string,
    events: readonly ParkedEvent[],
    limits: ParkingLimits,
    by: Writing,
  ): Promise<ParkedPut>;
  /** The first ones behind this id, `"0"` being the start; at most so many, and at most some MiB, though always one. */
  oldest(shard: number, topic: string, after: string, rowsMax: number): Promise<readonly ParkedRow[]>;
  /** They were confirmed, or are dead letters. Safe to repeat, for whoever was an owner once. */
  remove(
    shard: number,
    topic: string,
    gone: { readonly relayed: readonly ParkedPlace[]; readonly dead: readonly ParkedPlace[] },
  ): Promise<void>;
  /** Each topic of these shards that was ever opened. */
  topics(shards: readonly number[]): Promise<readonly ParkedTopic[]>;
};

/** What became of a shard's events, those that were parked among them: `accepted = relayed + dead + pending`. */
export type ShardAccount = Pick<ShardCounts, "accepted" | "relayed" | "dead"> & { readonly pending: number };

/**
 * From the counters of the stream, and what waits and died of its parked topics; null: nobody knows, so all that was parked
 * counts as pending. An event is parked a moment before it has left the stream, and counts there as long.
 */
export const accountOf = (
  counts: Pick<ShardCounts, "accepted" | "relayed" | "dead" | "parked">,
  topics: readonly Pick<ParkedTopic, "events" | "died">[] | null,
): ShardAccount => {
  const { accepted, parked } = counts;
  const died = Math.min(
    parked,
    (topics ?? []).reduce((sum, topic) => sum + topic.died, 0),
  );
  const there = topics === null ? parked : topics.reduce((sum, topic) => sum + topic.events, 0);
  const waiting = Math.min(there, parked - died);
  const relayed = counts.relayed + parked - died - waiting;
  const dead = counts.dead + died;
  return { accepted, relayed, dead, pending: accepted - relayed - dead };
};
