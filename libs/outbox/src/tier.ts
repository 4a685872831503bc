import { type Appended, type OutboxTier, oneChunkPerShard, type ShardChunk } from "@spillway/event";
import { type Database, DatabaseFailure, durableCommit } from "@spillway/postgres";
import type { Sql } from "postgres";
import { outboxHealth } from "./health.ts";
import { occupiedShards } from "./occupied.ts";
import { outboxSize } from "./size.ts";

export { schemaWarnings } from "./schema-warning.ts";

/**
 * One statement for all chunks: all are committed or none. Locks: ROW EXCLUSIVE on the table, which only DDL and LOCK
 * TABLE block; inserts do not wait for each other.
 */
const insertChunks = (sql: Sql, chunks: readonly ShardChunk[], shards: number | null) => {
  const rows = chunks.map(({ shard, chunk, events }) => ({ shard, shards, chunk, events, bytes: chunk.length }));
  return sql`
    insert into outbox ${sql(rows, "shard", "shards", "chunk", "events", "bytes")}
    returning ${sql.unsafe(durableCommit)}`;
};

export type OutboxTierOptions = {
  readonly database: Database;
  /** What the chunks' shards were taken from: the table refuses another number than the installation's, `shards_differ`. */
  readonly shards?: number;
};

/**
 * The second tier. It knows no dedup keys, so it never names a duplicate: those are dropped when a row is drained. It
 * sets no limit either; `size` is what the caller's limit needs.
 */
export const createOutboxTier = ({ database, shards }: OutboxTierOptions): OutboxTier => ({
  name: "outbox",
  append: async (chunks, deadlineMs) => {
    oneChunkPerShard(chunks);
    if (chunks.length === 0) return [];
    try {
      await database.run(deadlineMs, (sql) => insertChunks(sql, chunks, shards ?? null));
      return chunks.map((): Appended => ({ kind: "ok", duplicates: [] }));
    } catch (error) {
      if (!(error instanceof DatabaseFailure)) throw error;
      return chunks.map((): Appended => ({ kind: "retriable", code: error.code }));
    }
  },
  health: (deadlineMs) => outboxHealth(database, deadlineMs),
  occupied: (asked, deadlineMs) => occupiedShards(database, asked, deadlineMs),
  size: (deadlineMs) => outboxSize(database, deadlineMs),
});
