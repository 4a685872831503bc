import type { shardCheckpoints } from "@spillway/drizzle/schema";
import { ask, type Database, epochMs } from "@spillway/postgres";
import type { Sql } from "postgres";
import { sampled } from "./size.ts";

/** What waits in the outbox for one shard. Sums are estimates when `exact` is false. */
export type OutboxShard = {
  readonly shard: number;
  readonly rows: number;
  readonly events: number;
  readonly bytes: number;
  readonly oldestAtMs: number;
  readonly exact: boolean;
};

/** The last copy of a shard's counters. */
export type Checkpoint = Pick<
  typeof shardCheckpoints.$inferSelect,
  "shard" | "epoch" | "accepted" | "duplicate" | "relayed" | "dead" | "backlogBytes" | "unaccounted"
> & { readonly updatedAtMs: number };

export type OutboxInspector = {
  /** Shards that have rows. Rejects with `Unavailable`. */
  shards(deadlineMs: number): Promise<readonly OutboxShard[]>;
  /** Rejects with `Unavailable`. */
  checkpoints(deadlineMs: number): Promise<readonly Checkpoint[]>;
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
  ), sampled as (${sampled(sql)}), total as (
    select shard, count(*) as rows, sum(events)::float8 as events, sum(bytes)::float8 as bytes
    from outbox tablesample system (100 * (select share from sampled)) group by shard
  )
  select shard, round(coalesce(rows, 0) / share) as rows, round(coalesce(events, 0) / share) as events,
    round(coalesce(bytes, 0) / share) as bytes, share = 1 as exact,
    (select ${sql.unsafe(epochMs("created_at"))} from outbox
      where outbox.shard = occupied.shard order by id limit 1) as "oldestAtMs"
  from sampled, occupied left join total using (shard) where shard is not null order by shard`;

/** Locks: ACCESS SHARE. */
const checkpointsOf = (sql: Sql) => sql<Checkpoint[]>`
  select shard, epoch, accepted::float8, duplicate::float8, relayed::float8, dead::float8,
    backlog_bytes::float8 as "backlogBytes", unaccounted::float8,
    ${sql.unsafe(epochMs("updated_at"))} as "updatedAtMs"
  from shard_checkpoints order by shard`;

/** Reads for operators. */
export const createOutboxInspector = ({ database }: { readonly database: Database }): OutboxInspector => ({
  shards: (deadlineMs) => ask(database, deadlineMs, shardsOf),
  checkpoints: (deadlineMs) => ask(database, deadlineMs, checkpointsOf),
});
