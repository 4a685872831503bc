import type { OutboxLook, OutboxSight, ParkedSight } from "@spillway/event";
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

/** Where an event is, of what waits in Postgres. */
export const createOutboxLook = ({ database }: { readonly database: Database }): OutboxLook => ({
  outbox: async (dedupKey, shards, deadlineMs) =>
    sightOf((await ask(database, deadlineMs, (sql) => findRow(sql, dedupKey, shards)))[0]),
  parked: async (dedupKey, deadlineMs) =>
    (await ask(database, deadlineMs, (sql) => findParked(sql, dedupKey)))[0] ?? null,
});
