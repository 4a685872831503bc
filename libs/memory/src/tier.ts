import { type Appended, oneChunkPerShard, type StreamTier } from "@spillway/event";
import type { Outages } from "./outages.ts";
import type { ServerPromise } from "./server-promise.ts";
import type { Streams } from "./streams.ts";

/** The first tier. */
export const createStreamTier = (streams: Streams, outages: Outages, promise: ServerPromise): StreamTier => ({
  name: "stream",
  append: async (chunks) => {
    oneChunkPerShard(chunks);
    const code = outages.code("redis");
    return chunks.map(
      (chunk): Appended => (code === null ? streams.append(chunk, false) : { kind: "retriable", code }),
    );
  },
  divert: async (shards) => {
    const code = outages.code("redis");
    if (code === null) for (const shard of shards) streams.divert(shard);
    return code;
  },
  health: async () => {
    const code = outages.code("redis");
    if (code !== null) return { status: "down", warnings: [code], promise: null };
    return { status: "up", warnings: [], promise: promise.now() };
  },
});
