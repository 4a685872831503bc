import { dedupKeysOf, encodeChunk, type Platform, type SealedEvent, type ShardChunk } from "@spillway/event";
import type { Waiting } from "./commit.ts";
import type { CommitterOptions } from "./committer.ts";

/** A chunk and those who wait for it, oldest first. */
export type Packed = ShardChunk & { readonly waiting: readonly Waiting[] };

export type ChunkLimits = Pick<CommitterOptions, "commitEventsMax" | "commitBytesMax">;

/** How many of the queue, from `head` on, fit into one chunk: at least one. */
export const fitting = (queue: readonly Waiting[], head: number, limits: ChunkLimits): number => {
  const most = Math.min(queue.length - head, limits.commitEventsMax);
  let bytes = 0;
  for (let i = 0; i < most; i++) {
    bytes += (queue[head + i] as Waiting).size;
    if (bytes > limits.commitBytesMax) return Math.max(1, i);
  }
  return most;
};

export const pack = (waiting: readonly Waiting[], shard: number, receivedAtMs: number, platform: Platform): Packed => {
  const events: SealedEvent[] = new Array(waiting.length);
  for (let i = 0; i < waiting.length; i++) events[i] = (waiting[i] as Waiting).event;
  return {
    shard,
    chunk: encodeChunk({ receivedAtMs, events }, platform),
    events: events.length,
    dedupKeys: dedupKeysOf(events),
    waiting,
  };
};
