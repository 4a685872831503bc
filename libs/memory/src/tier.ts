import { type Appended, oneChunkPerShard, type Tier } from "@spillway/event";
import type { Outages } from "./outages.ts";
import type { ServerPromise } from "./server-promise.ts";
import type { Streams } from "./streams.ts";

/** The first tier. */
export const createStreamTier = (streams: Streams, outages: Outages, promise: ServerPromise): Tier => ({
  name: "stream",
  append: async (chunks) => {
    oneChunkPerShard(chunks);
    const code = outages.code("redis");
    return chunks.map(
      (chunk): Appended => (code === null ? streams.append(chunk, false) : { kind: "retriable", code }),
    );
  },
  health: async () => {
    const isUp = outages.code("redis") === null;
    return { status: isUp ? "up" : "down", warnings: [], promise: isUp ? promise.now() : null };
  },
});
