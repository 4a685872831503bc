import { type Appended, type OutboxTier, oneChunkPerShard, type ShardChunk } from "@spillway/event";
import { type Database, DatabaseFailure, durableCommit } from "@spillway/postgres";
import type { Sql } from "postgres";
import { outboxHealth } from "./health.ts";
import { occupiedShards } from "./occupied.ts";
import { outboxSize } from "./size.ts";

export { createPostgresInstallation } from "./installation.ts";
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

/** A row of a page of its own. */
const TRIED_BYTES = 8_192;
const TRIED_BYTES_MAX = 1024 * 1024;
/** While nothing is appended: each try leaves a dead row, and this is the tier that is asked last. */
const TRY_EVERY_MS = 10_000;

/**
 * When `health` tries an insert, and of how many bytes: as much as was refused last, until so much is taken again, or
 * events would be taken and refused by turns; in quiet times once in ten seconds.
 */
const createTries = () => {
  let refusedBytes = 0;
  let provenAtMs = Number.NEGATIVE_INFINITY;
  const bytes = () => Math.min(TRIED_BYTES_MAX, Math.max(TRIED_BYTES, refusedBytes));
  return {
    dueBytes: () => (refusedBytes > 0 || performance.now() - provenAtMs >= TRY_EVERY_MS ? bytes() : null),
    taken: () => {
      refusedBytes = 0;
      provenAtMs = performance.now();
    },
    refused: (bytesNow: number = bytes()) => {
      refusedBytes = Math.max(refusedBytes, bytesNow);
    },
  };
};

/**
 * The second tier. It knows no dedup keys, so it never names a duplicate: those are dropped when a row is drained. It
 * sets no limit either; `size` is what the caller's limit needs.
 */
export const createOutboxTier = ({ database, shards }: OutboxTierOptions): OutboxTier => {
  const tries = createTries();
  return {
    name: "outbox",
    append: async (chunks, deadlineMs) => {
      oneChunkPerShard(chunks);
      if (chunks.length === 0) return [];
      try {
        await database.run(deadlineMs, (sql) => insertChunks(sql, chunks, shards ?? null));
        tries.taken();
        return chunks.map((): Appended => ({ kind: "ok", duplicates: [] }));
      } catch (error) {
        if (!(error instanceof DatabaseFailure)) throw error;
        tries.refused(chunks.reduce((sum, { chunk }) => sum + chunk.length, 0));
        return chunks.map((): Appended => ({ kind: "retriable", code: error.code }));
      }
    },
    health: async (deadlineMs) => {
      const dueBytes = tries.dueBytes();
      const health = await outboxHealth(database, deadlineMs, dueBytes);
      if (health.status === "down") tries.refused();
      else if (dueBytes !== null) tries.taken();
      return health;
    },
    occupied: (asked, deadlineMs) => occupiedShards(database, asked, deadlineMs),
    size: (deadlineMs) => outboxSize(database, deadlineMs),
  };
};
