import type { ParkedTopic } from "@spillway/event";
import { ask, type Database, epochMs } from "@spillway/postgres";
import type { Sql } from "postgres";
import { parkedColumns } from "./parked-columns.ts";
import { sampled } from "./size.ts";

/** What waits in the outbox for one shard. Sums are estimates when `exact` is false. */
export type OutboxShard = {
  readonly shard: number;
  readonly rows: number;
  readonly events: number;
  readonly oldestAtMs: number;
  readonly exact: boolean;
};

/**
 * The occupied shards by jumping from one to the next in the index (shard, id), their oldest rows exactly, and sums from
 * a bounded number of pages, as in size.ts. Locks: ACCESS SHARE.
 */
const shardsOf = (sql: Sql) => sql<OutboxShard[]>`
  with recursive occupied (shard) as (
    select min(shard) from outbox
    union all
    select (select min(shard) from outbox where outbox.shard > occupied.shard) from occupied
    where occupied.shard is not null
  ), sampled as (${sampled(sql, "outbox")}), total as (
    select shard, count(*) as rows, sum(events)::float8 as events
    from outbox tablesample system (100 * (select share from sampled)) group by shard
  )
  select shard, round(coalesce(rows, 0) / share) as rows, round(coalesce(events, 0) / share) as events, share = 1 as exact,
    (select ${sql.unsafe(epochMs("created_at"))} from outbox
      where outbox.shard = occupied.shard order by id limit 1) as "oldestAtMs"
  from sampled, occupied left join total using (shard) where shard is not null order by shard`;

/** Locks: ACCESS SHARE. */
const parkedOf = (sql: Sql) =>
  sql<ParkedTopic[]>`select ${sql.unsafe(parkedColumns)} from parking order by topic, shard`;

/** Locks: ACCESS SHARE. */
const unaccountedOf = (sql: Sql) => sql<{ unaccounted: number }[]>`
  select coalesce(sum(unaccounted), 0)::float8 as unaccounted from shard_checkpoints`;

/** Reads for operators. Everything rejects with `Unavailable`. */
export const createOutboxInspector = ({ database }: { readonly database: Database }) => ({
  /** Shards that have rows. */
  shards: (deadlineMs: number): Promise<readonly OutboxShard[]> => ask(database, deadlineMs, shardsOf),
  /** Each topic of a shard that was ever parked, with what waits of it. */
  parked: async (deadlineMs: number): Promise<readonly ParkedTopic[]> => [
    ...(await ask(database, deadlineMs, parkedOf)),
  ],
  /** Events of all shards that Redis or Postgres lost, as the ledger has them. */
  unaccounted: async (deadlineMs: number): Promise<number> => {
    const [sum] = await ask(database, deadlineMs, unaccountedOf);
    if (sum === undefined) throw new Error("an aggregate answers one row");
    return sum.unaccounted;
  },
});
