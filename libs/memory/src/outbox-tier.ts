import { type Appended, type OutboxTier, oneChunkPerShard, type ShardChunk } from "@spillway/event";
import type { Outages } from "./outages.ts";
import type { Outbox } from "./outbox.ts";

/** The second tier. It knows no dedup keys and no limit; `commit` is awaited between ids and commit. */
export const createOutboxTier = (outbox: Outbox, outages: Outages, commit: () => Promise<void>): OutboxTier => {
  const write = async (as: "insert" | "copy", chunks: readonly ShardChunk[]): Promise<readonly Appended[]> => {
    const code = outages.code("postgres");
    if (code !== null) return chunks.map(() => ({ kind: "retriable", code }));
    oneChunkPerShard(chunks);
    const transaction = outbox.begin();
    for (const chunk of chunks) transaction[as](chunk);
    await commit();
    transaction.commit();
    return chunks.map(() => ({ kind: "ok", duplicates: [] }));
  };
  return {
    name: "outbox",
    append: (chunks) => write("insert", chunks),
    copy: (chunks) => write("copy", chunks),
    health: async () => {
      const isUp = outages.code("postgres") === null;
      return { status: isUp ? "up" : "down", warnings: [], promise: isUp ? { state: "kept" } : null };
    },
    occupied: outages.behind("postgres", outbox.occupied),
    size: outages.behind("postgres", outbox.size),
  };
};
