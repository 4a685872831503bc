import { type Appended, oneChunkPerShard, type Tier } from "@spillway/event";
import type { Outages } from "./outages.ts";
import type { Streams } from "./streams.ts";

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
