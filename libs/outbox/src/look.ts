import type { Ahead, OutboxLook, OutboxSight, ParkedSight } from "@spillway/event";
import { arrayOf, ask, type Database, epochMs } from "@spillway/postgres";
import type { Sql } from "postgres";

/** Of each table. 10,000 rows of a hundred events take some 15 ms, whatever they hold. */
const LOOKED_ROWS_MAX = 10_000;

type Found = {
  readonly kind: "outbox" | "copy" | null;
  readonly shard: number;
  readonly row: string;
  readonly sinceMs: number;
  /** Rows of the outbox that were looked through. */
  readonly looked: number;
};

const newest = (sql: Sql, table: "outbox" | "copies", kind: "outbox" | "copy", shards: readonly number[]) => sql`
  select ${kind} as kind, shard, id, created_at, dedup_keys from ${sql(table)}
  where shard = any(${arrayOf(shards)}::int[]) order by id desc limit ${LOOKED_ROWS_MAX}`;

/** Both tables as of one moment, since a row of the one becomes one of the other. Locks: ACCESS SHARE. */
const findRow = (sql: Sql, dedupKey: string, shards: readonly number[]) => sql<Found[]>`
  with waiting as materialized (${newest(sql, "outbox", "outbox", shards)}),
    copied as materialized (${newest(sql, "copies", "copy", shards)}),
    found as (
      select * from waiting where position(${dedupKey} in dedup_keys) > 0
      union all select * from copied where position(${dedupKey} in dedup_keys) > 0
      order by kind desc, id limit 1
    )
  select kind, shard, id as row, ${sql.unsafe(epochMs("created_at"))} as "sinceMs", looked
  from (select count(*)::int as looked from waiting) as counted left join found on true`;

const sightOf = (found: Found | undefined): OutboxSight => {
  if (found === undefined) throw new Error("an aggregate answers one row");
  const { kind, shard, row, sinceMs, looked } = found;
  if (kind !== null) return { kind, shard, row, sinceMs };
  return looked < LOOKED_ROWS_MAX ? { kind: "absent" } : { kind: "unsearched", rows: looked };
};

/** Locks: ACCESS SHARE. */
const findParked = (sql: Sql, dedupKey: string) => sql<ParkedSight[]>`
  select topic, ${sql.unsafe(epochMs("created_at"))} as "sinceMs" from parked_events where dedup_key = ${dedupKey} limit 1`;

/** Of a row that is there. Locks: ACCESS SHARE. */
const countBefore = (sql: Sql, shard: number, row: string) => sql<{ there: boolean; rows: number; events: number }[]>`
  select exists (select from outbox where id = ${row}) as there, count(*)::int as rows, coalesce(sum(events), 0)::int as events
  from (
    select events from outbox where shard = ${shard} and id < ${row} order by id limit ${LOOKED_ROWS_MAX + 1}
  ) as before`;

/** How many events are before a row of the outbox in its shard; null: it is not there any more. Rejects with `Unavailable`. */
export const createOutboxAhead =
  ({ database }: { readonly database: Database }) =>
  async (
    { shard, row }: { readonly shard: number; readonly row: string },
    deadlineMs: number,
  ): Promise<Ahead | null> => {
    const [found] = await ask(database, deadlineMs, (sql) => countBefore(sql, shard, row));
    if (found === undefined || !found.there) return null;
    return { least: found.events, most: found.rows > LOOKED_ROWS_MAX ? null : found.events };
  };

/** Where an event is, of what waits in Postgres. */
export const createOutboxLook = ({ database }: { readonly database: Database }): OutboxLook => ({
  outbox: async (dedupKey, shards, deadlineMs) =>
    sightOf((await ask(database, deadlineMs, (sql) => findRow(sql, dedupKey, shards)))[0]),
  parked: async (dedupKey, deadlineMs) =>
    (await ask(database, deadlineMs, (sql) => findParked(sql, dedupKey)))[0] ?? null,
});
