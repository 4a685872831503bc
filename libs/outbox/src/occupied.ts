import { type Database, orUnavailable } from "@spillway/postgres";

/**
 * The shards that have a committed row: one probe of the index (shard, id) each. Asked in a snapshot of its own, so it
 * sees every commit that was answered before. Locks: ACCESS SHARE on the table, which only DDL and LOCK TABLE block.
 */
export const occupiedShards = async (
  database: Database,
  shards: readonly number[],
  deadlineMs: number,
): Promise<readonly number[]> => {
  if (shards.length === 0) return [];
  const rows = await orUnavailable(
    database.run(
      deadlineMs,
      (sql) => sql<{ shard: number }[]>`
        select shard from unnest(${`{${shards.join()}}`}::int[]) as asked (shard)
        where exists (select from outbox where outbox.shard = asked.shard)`,
    ),
  );
  return rows.map((row) => row.shard);
};
