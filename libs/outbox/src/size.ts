import type { OutboxSize } from "@spillway/event";
import { ask, type Database, epochMs } from "@spillway/postgres";
import type { Sql } from "postgres";
import type { ChunkTable } from "./occupied.ts";

/**
 * Pages (of 8 KiB) that a sum reads at most. Up to here it is exact: rows of large chunks take 70 bytes in a page, of
 * small ones their whole length. Above, a random sample of about as many pages is scaled up: unbiased, since pages that
 * were emptied are sampled as well, and off by a few per cent.
 */
const PAGES_MAX = 1_000;

type Sums = { readonly events: number; readonly bytes: number; readonly oldest: number | null };

/** The share of the pages that is read. Locks: ACCESS SHARE. */
export const sampled = (sql: Sql, table: ChunkTable) => sql`
  select least(1, ${PAGES_MAX}::float8 / greatest(1, pg_relation_size(${table}::text::regclass) / 8192)) as share`;

/** Locks: ACCESS SHARE. */
const sumsOf = (sql: Sql, table: ChunkTable) => sql<Sums[]>`
  with sampled as (${sampled(sql, table)}), total as (
    select coalesce(sum(events), 0)::float8 as events, coalesce(sum(bytes), 0)::float8 as bytes
    from ${sql(table)} tablesample system (100 * (select share from sampled))
  )
  select round(events / share) as events, round(bytes / share) as bytes,
    (select ${sql.unsafe(epochMs("created_at"))} from ${sql(table)} order by id limit 1) as oldest
  from total, sampled`;

/**
 * How much waits, at the same cost for a hundred rows and ten million. Counters kept by the inserts would make
 * transactions of applications wait for each other. Rejects with `Unavailable`.
 */
export const chunksSize = async (database: Database, table: ChunkTable, deadlineMs: number): Promise<OutboxSize> => {
  const [sums] = await ask(database, deadlineMs, (sql) => sumsOf(sql, table));
  if (sums === undefined) throw new Error("an aggregate answers one row");
  return { events: sums.events, bytes: sums.bytes, oldestAtMs: sums.oldest };
};
