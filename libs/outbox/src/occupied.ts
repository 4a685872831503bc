import { arrayOf, ask, type Database } from "@spillway/postgres";
import type { Sql } from "postgres";

/** Tables of chunks by shard. */
export type ChunkTable = "outbox" | "copies";

/** One probe of the index (shard, id) each. Locks: ACCESS SHARE on the table, which only DDL and LOCK TABLE block. */
const shardsWithRows = (sql: Sql, table: ChunkTable, shards: readonly number[]) => sql<{ shard: number }[]>`
  select shard from unnest(${arrayOf(shards)}::int[]) as asked (shard)
  where exists (select from ${sql(table)} as held where held.shard = asked.shard)`;

/**
 * The shards that have a committed row. Asked in a snapshot of its own, so it sees every commit that was answered before.
 * Rejects with `Unavailable`.
 */
export const occupiedShards = async (
  database: Database,
  table: ChunkTable,
  shards: readonly number[],
  deadlineMs: number,
): Promise<readonly number[]> => {
  if (shards.length === 0) return [];
  const rows = await ask(database, deadlineMs, (sql) => shardsWithRows(sql, table, shards));
  return rows.map((row) => row.shard);
};
