import { arrayOf, ask, type Database } from "@spillway/postgres";
import type { Sql } from "postgres";

/** One probe of the index (shard, id) each. Locks: ACCESS SHARE on the table, which only DDL and LOCK TABLE block. */
const shardsWithRows = (sql: Sql, shards: readonly number[]) => sql<{ shard: number }[]>`
  select shard from unnest(${arrayOf(shards)}::int[]) as asked (shard)
  where exists (select from outbox where outbox.shard = asked.shard)`;

/**
 * The shards that have a committed row. Asked in a snapshot of its own, so it sees every commit that was answered before.
 * Rejects with `Unavailable`.
 */
export const occupiedShards = async (
  database: Database,
  shards: readonly number[],
  deadlineMs: number,
): Promise<readonly number[]> => {
  if (shards.length === 0) return [];
  const rows = await ask(database, deadlineMs, (sql) => shardsWithRows(sql, shards));
  return rows.map((row) => row.shard);
};
