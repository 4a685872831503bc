import { dedupKeysOf, encodeChunk, type Platform, type SealedEvent, type ShardChunk } from "@spillway/event";
import type { Waiting } from "./commit.ts";

/** A chunk and those who wait for it, oldest first. */
export type Packed = ShardChunk & { readonly waiting: readonly Waiting[] };

export type ChunkLimits = {
  /** Events of one chunk. */
  readonly commitEventsMax: number;
  /** Bytes of one chunk's events; a single larger event still goes, alone. */
  readonly commitBytesMax: number;
};

/** How many from the front of the queue fit into one chunk: at least one. */
const fitting = (queue: readonly Waiting[], limits: ChunkLimits): number => {
  const most = Math.min(queue.length, limits.commitEventsMax);
  let bytes = 0;
  for (let i = 0; i < most; i++) {
    bytes += queue[i]?.event.bytes.length ?? 0;
    if (bytes > limits.commitBytesMax) return Math.max(1, i);
  }
  return most;
};

/** Takes a chunk off the front of a shard's queue, which is not empty. */
export const packFrom = (
  queue: Waiting[],
  shard: number,
  limits: ChunkLimits,
  receivedAtMs: number,
  platform: Platform,
): Packed => {
  const waiting = queue.splice(0, fitting(queue, limits));
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
