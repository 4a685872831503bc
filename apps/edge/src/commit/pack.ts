import { dedupKeysOf, encodeChunk, type Platform, type SealedEvent, type ShardChunk } from "@spillway/event";
import type { Waiting } from "./commit.ts";
import type { CommitterOptions } from "./committer.ts";

/** A chunk and those who wait for it, oldest first. `copied`: it goes to the copies as well. */
export type Packed = ShardChunk & { readonly waiting: readonly Waiting[]; readonly copied: boolean };

export type ChunkLimits = Pick<CommitterOptions, "commitEventsMax" | "commitBytesMax">;

const isCopied = ({ event }: Waiting): boolean => event.durability !== undefined;

/**
 * How many of the queue, from `head` on, fit into one chunk: at least one. A chunk that begins without an event that is to be
 * copied ends where one comes, and one that begins with such takes what comes behind it, so that where kinds alternate
 * chunks are as large as ever: what waits behind one that is copied would wait for it anyway, since a shard's chunks go one after the other.
 */
export const fitting = (queue: readonly Waiting[], head: number, limits: ChunkLimits): number => {
  const most = Math.min(queue.length - head, limits.commitEventsMax);
  const copied = most > 0 && isCopied(queue[head] as Waiting);
  let bytes = 0;
  for (let i = 0; i < most; i++) {
    const waiting = queue[head + i] as Waiting;
    if (!copied && isCopied(waiting)) return i;
    bytes += waiting.size;
    if (bytes > limits.commitBytesMax) return Math.max(1, i);
  }
  return most;
};

export const pack = (waiting: readonly Waiting[], shard: number, receivedAtMs: number, platform: Platform): Packed => {
  const events: SealedEvent[] = new Array(waiting.length);
  for (let i = 0; i < waiting.length; i++) events[i] = (waiting[i] as Waiting).event;
  const copied = waiting.length > 0 && isCopied(waiting[0] as Waiting);
  return {
    shard,
    chunk: encodeChunk({ receivedAtMs, events, copied }, platform),
    events: events.length,
    dedupKeys: dedupKeysOf(events),
    waiting,
    copied,
  };
};
