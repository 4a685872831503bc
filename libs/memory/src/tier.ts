import type { Appended, ShardChunk, Tier } from "@spillway/event";
import type { Outages } from "./outages.ts";
import type { Streams } from "./streams.ts";

/** Throws a `RangeError` for a call that breaks the contract, so that a caller's slip shows. */
export const oneChunkPerShard = (chunks: readonly ShardChunk[]): void => {
  if (new Set(chunks.map((chunk) => chunk.shard)).size !== chunks.length)
    throw new RangeError("a call holds two chunks of one shard");
};

/** The first tier. */
export const createStreamTier = (streams: Streams, outages: Outages): Tier => ({
  name: "stream",
  append: async (chunks) => {
    oneChunkPerShard(chunks);
    const code = outages.code("redis");
    return chunks.map(
      (chunk): Appended => (code === null ? streams.append(chunk, false) : { kind: "retriable", code }),
    );
  },
  health: async () => ({ status: outages.code("redis") === null ? "up" : "down", warnings: [] }),
});
