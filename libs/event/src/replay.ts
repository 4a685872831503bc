import { encodeChunk } from "./chunk.ts";
import type { DeadLetter } from "./dead-letters.ts";
import type { Platform } from "./platform.ts";
import { dedupKeyOf } from "./seal.ts";
import { shardOf } from "./shard.ts";
import type { ShardChunk } from "./tier.ts";

/** Of a dead letter what its next life needs. */
export type Replayable = Pick<
  DeadLetter,
  "type" | "partitionKey" | "traceparent" | "tracestate" | "replay" | "bytes"
> & {
  readonly identity: string;
};

/** A dead letter's event once more, as a chunk of its own: the same event with the next replay number, beside its key's others. */
export const replayChunk = (
  letter: Replayable,
  receivedAtMs: number,
  shards: number,
  platform: Platform,
): ShardChunk => {
  const { identity, partitionKey, traceparent, tracestate, bytes } = letter;
  const replay = letter.replay + 1;
  const dedupKey = dedupKeyOf(identity, replay, platform);
  const trace = tracestate === undefined ? { traceparent } : { traceparent, tracestate };
  const event = { identity, dedupKey, type: letter.type ?? "", partitionKey, ...trace, replay, bytes };
  return {
    shard: shardOf(partitionKey ?? identity, shards),
    chunk: encodeChunk({ receivedAtMs, events: [event] }, platform),
    events: 1,
    dedupKeys: dedupKey,
  };
};
