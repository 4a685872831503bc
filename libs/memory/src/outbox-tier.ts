import { type Appended, type OutboxTier, oneChunkPerShard, type ShardChunk } from "@spillway/event";
import type { Outages } from "./outages.ts";
import type { Outbox } from "./outbox.ts";

const okOf = ({ putBy, events }: ShardChunk): Appended => {
  const ok = { kind: "ok", duplicates: [] } as const;
  return putBy ? { ...ok, totals: [[putBy.writer, putBy.floor + events]] } : ok;
};

/** How many events of a writer have been in the outbox: advances it, or answers that it is not from there. */
export type Advance = (shard: number, writer: string, floor: number, events: number) => boolean;

/** The second tier. It knows no dedup keys and no limit; `commit` is awaited between ids and commit. */
export const createOutboxTier = (
  outbox: Outbox,
  outages: Outages,
  advance: Advance,
  commit: () => Promise<void>,
): OutboxTier => {
  const isInOrder = ({ shard, putBy, events }: ShardChunk): boolean =>
    putBy === undefined || advance(shard, putBy.writer, putBy.floor, events);

  const write = async (as: "insert" | "copy", chunks: readonly ShardChunk[]): Promise<readonly Appended[]> => {
    const code = outages.code("postgres");
    if (code !== null) return chunks.map(() => ({ kind: "retriable", code }));
    oneChunkPerShard(chunks);
    const transaction = outbox.begin();
    for (const chunk of chunks) transaction[as](chunk);
    await commit();
    if (transaction.isLost()) return chunks.map(() => ({ kind: "retriable", code: "connection_lost" }));
    const counted = as === "copy" ? chunks : chunks.filter(isInOrder);
    transaction.commit(({ shard }) => counted.some((chunk) => chunk.shard === shard));
    return chunks.map((chunk) => (counted.includes(chunk) ? okOf(chunk) : { kind: "behind" }));
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
