import {
  type Appended,
  copyKeyOf,
  copyKeysOf,
  type OutboxTier,
  oneChunkPerShard,
  type ShardChunk,
} from "@spillway/event";
import { arrayOf, type Database, DatabaseFailure, durableCommit } from "@spillway/postgres";
import type { Sql } from "postgres";
import { endedNumbers } from "./accounts.ts";
import { countedWriters, enteredRows, numbersOf } from "./entered-rows.ts";
import { outboxHealth } from "./health.ts";
import { occupiedShards } from "./occupied.ts";
import { chunksSize } from "./size.ts";

export { createAccounts } from "./accounts.ts";
export { createPostgresInstallation } from "./installation.ts";
export { createOutboxLook } from "./look.ts";
export { schemaWarnings } from "./schema-warning.ts";

type Written = { readonly shard: number };

const entering = (sql: Sql, chunks: readonly ShardChunk[], shards: number | null) =>
  sql`counted as (${countedWriters(sql, chunks)}), entered as (${enteredRows(sql, chunks, shards)})`;

/**
 * One statement for all chunks: all are committed or none, but for those that are behind. Answers the shards of those that went in.
 * Locks: ROW EXCLUSIVE on the tables, which only DDL and LOCK TABLE block, and the rows of the chunks' own writers, for which nobody
 * else waits: inserts do not wait for each other.
 */
const insertChunks = (sql: Sql, chunks: readonly ShardChunk[], shards: number | null) => sql<Written[]>`
  with ${entering(sql, chunks, shards)}
  select shard, ${sql.unsafe(durableCommit)} from entered`;

const keysOf = (chunks: readonly ShardChunk[]): string[] => chunks.flatMap(({ chunk }) => copyKeyOf(chunk) ?? []);

/**
 * Of chunks that were to be copied: their copies go in the same statement, so that they are not ahead of what stands before them in
 * the outbox. Of each one, the newest: two edges that got the same events in the same millisecond have made the same chunk, and the
 * other's copy stays in its place (simulation, seed 33365). What they named has met its end: it is here, and a relay may have named others
 * than the row does when it restored it (seed 690192 where Redis goes back). Locks: besides those of the insert, the copies' rows and their writers'.
 */
const insertInsteadOfCopies = (sql: Sql, chunks: readonly ShardChunk[], shards: number | null) => sql<Written[]>`
  with ${entering(sql, chunks, shards)}, gone as (
    delete from copies where shard in (select shard from entered) and id in (
      select max(id) from copies where key = any(${arrayOf(keysOf(chunks))}::uuid[]) group by key)
    returning shard, writer, numbers
  ), ended as (${endedNumbers(sql, sql`select * from gone`)})
  select shard, ${sql.unsafe(durableCommit)} from entered`;

/** Locks: as an insert into the outbox. */
const insertCopies = (sql: Sql, chunks: readonly ShardChunk[], shards: number | null) => {
  const keys = copyKeysOf(chunks);
  const rows = chunks.map(({ shard, chunk, events, from, dedupKeys }, i) => ({
    shard,
    shards,
    key: keys[i] as string,
    chunk,
    events,
    bytes: chunk.length,
    writer: from?.writer ?? null,
    numbers: numbersOf({ from, events }),
    dedup_keys: dedupKeys,
  }));
  return sql<Written[]>`
    insert into copies ${sql(rows, "shard", "shards", "key", "chunk", "events", "bytes", "writer", "numbers", "dedup_keys")}
    returning shard, ${sql.unsafe(durableCommit)}`;
};

type Insert = typeof insertChunks;

const okOf = ({ putBy, events }: ShardChunk): Appended => {
  const ok = { kind: "ok", duplicates: [] } as const;
  return putBy ? { ...ok, totals: [[putBy.writer, putBy.floor + events]] } : ok;
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

  const write = async (insert: Insert, chunks: readonly ShardChunk[], deadlineMs: number): Promise<Appended[]> => {
    oneChunkPerShard(chunks);
    if (chunks.length === 0) return [];
    try {
      const written = await database.run(deadlineMs, (sql) => insert(sql, chunks, shards ?? null));
      tries.taken();
      const inside = new Set(written.map(({ shard }) => shard));
      return chunks.map((chunk) => (inside.has(chunk.shard) ? okOf(chunk) : { kind: "behind" }));
    } catch (error) {
      if (!(error instanceof DatabaseFailure)) throw error;
      tries.refused(chunks.reduce((sum, { chunk }) => sum + chunk.length, 0));
      return chunks.map(() => ({ kind: "retriable", code: error.code }));
    }
  };

  return {
    name: "outbox",
    append: (chunks, deadlineMs) => {
      const isCopied = chunks.some(({ chunk }) => copyKeyOf(chunk) !== null);
      return write(isCopied ? insertInsteadOfCopies : insertChunks, chunks, deadlineMs);
    },
    copy: async (chunks, deadlineMs) => {
      copyKeysOf(chunks);
      return write(insertCopies, chunks, deadlineMs);
    },
    health: async (deadlineMs) => {
      const dueBytes = tries.dueBytes();
      const health = await outboxHealth(database, deadlineMs, dueBytes);
      if (health.status === "down") tries.refused();
      else if (dueBytes !== null) tries.taken();
      return health;
    },
    occupied: (asked, deadlineMs) => occupiedShards(database, "outbox", asked, deadlineMs),
    size: (deadlineMs) => chunksSize(database, "outbox", deadlineMs),
  };
};
