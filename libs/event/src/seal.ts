import type { Attributes } from "./event.ts";
import type { Platform } from "./platform.ts";
import { shardOf } from "./shard.ts";

/** A validated event on its way: what the parts after the edge need to know, and its bytes, which nobody changes. */
export type SealedEvent = {
  readonly id: string;
  readonly shard: number;
  /** What it is deduplicated by: 96 bits of a hash of (source, id), and of the replay number if it is a replay. */
  readonly dedupKey: string;
  readonly type: string;
  readonly partitionKey: string | null;
  readonly traceparent: string | null;
  /** 0, or the how-manieth replay of a dead letter this is. */
  readonly replay: number;
  readonly bytes: Uint8Array;
};

/**
 * Line feeds separate the parts because no attribute may hold a control character.
 * A replay carries its number: the seen ids would swallow it otherwise.
 */
const dedupText = (source: string, id: string, replay: number): string =>
  replay === 0 ? `${source}\n${id}` : `${source}\n${id}\n${replay}`;

/**
 * Without a partition key the shard comes from the first life's dedup key, since the seen ids live in the shard: a
 * retry must land in the same one, and a replay beside its original.
 */
export const sealEvent = (
  attributes: Attributes,
  bytes: Uint8Array,
  shards: number,
  platform: Platform,
  replay = 0,
): SealedEvent => {
  const { id, source, type, traceparent } = attributes;
  const partitionKey = attributes.partitionKey;
  const firstDedupKey = platform.digest96(dedupText(source, id, 0));
  const dedupKey = replay === 0 ? firstDedupKey : platform.digest96(dedupText(source, id, replay));
  return {
    id,
    shard: shardOf(partitionKey ?? firstDedupKey, shards),
    dedupKey,
    type,
    partitionKey,
    traceparent,
    replay,
    bytes,
  };
};
