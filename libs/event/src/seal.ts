import type { Durability } from "./durability.ts";
import type { Attributes } from "./event.ts";
import type { Platform } from "./platform.ts";
import { shardOf } from "./shard.ts";
import type { TraceContext } from "./trace-context.ts";

/** A validated event on its way: what the parts after the edge need to know, and its bytes, which nobody changes. */
export type SealedEvent = TraceContext & {
  readonly id: string;
  readonly shard: number;
  /** Which event it is, in all its lives: the `digest96` of (producer, source, id). */
  readonly identity: string;
  /** What a shard knows this life of it by: the identity, or of a replay a hash of it and the replay's number. */
  readonly dedupKey: string;
  readonly type: string;
  readonly partitionKey: string | null;
  /** 0, or the how-manieth replay of a dead letter this is. */
  readonly replay: number;
  readonly bytes: Uint8Array;
  /** Absent: whatever tier takes it. */
  readonly durability?: Durability;
};

let lastProducer = "";
let lastSource = "";
/** Of nearly all events it is that of the one before; saying it takes as long as a third of the digest. */
let lastPrefix = "0:0:";

/**
 * Producers do not trust each other: without its name in front, one could take another's ids, whose events would then be
 * dropped as duplicates. The lengths make it one text only, whatever characters the parts hold.
 */
export const identityOf = (producer: string, source: string, id: string, platform: Platform): string => {
  if (producer !== lastProducer || source !== lastSource) {
    lastPrefix = `${producer.length}:${source.length}:${producer}${source}`;
    lastProducer = producer;
    lastSource = source;
  }
  return platform.digest96(lastPrefix + id);
};

/** The number of a replay is in its dedup key, since it would be a duplicate of its first life otherwise. */
export const dedupKeyOf = (identity: string, replay: number, platform: Platform): string =>
  replay === 0 ? identity : platform.digest96(`${identity}\n${replay}`);

/**
 * `producer` is the name of the API key that the event came with, or what an application calls itself. Without a
 * partition key the shard comes from the identity, since dedup keys live in the shard: a retry must land in the same one.
 */
export const sealEvent = (
  attributes: Attributes,
  bytes: Uint8Array,
  shards: number,
  platform: Platform,
  producer: string,
): SealedEvent => {
  const { id, source, type, partitionKey, traceparent, tracestate } = attributes;
  const identity = identityOf(producer, source, id, platform);
  return {
    id,
    shard: shardOf(partitionKey ?? identity, shards),
    identity,
    dedupKey: identity,
    type,
    partitionKey,
    traceparent,
    tracestate,
    replay: 0,
    bytes,
  };
};
