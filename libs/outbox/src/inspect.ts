import { type Database, orUnavailable } from "@spillway/postgres";
import { PAGES_MAX } from "./size.ts";

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
export type Checkpoint = {
  readonly shard: number;
  readonly epoch: string | null;
  readonly accepted: number;
  readonly duplicate: number;
  readonly relayed: number;
  readonly dead: number;
  readonly backlogBytes: number;
  readonly unaccounted: number;
  readonly updatedAtMs: number;
};

export type OutboxInspector = {
  /** Shards that have rows. Rejects with `Unavailable`. */
  shards(deadlineMs: number): Promise<readonly OutboxShard[]>;
  /** Rejects with `Unavailable`. */
  checkpoints(deadlineMs: number): Promise<readonly Checkpoint[]>;
};

/**
 * The occupied shards by jumping from one to the next in the index (shard, id), their oldest rows exactly, and sums from
 * at most `PAGES_MAX` pages as in size.ts. Locks: ACCESS SHARE.
 */
const shardsOf = (database: Database, deadlineMs: number): Promise<OutboxShard[]> =>
  database.run(
    deadlineMs,
    (sql) => sql<OutboxShard[]>`
      with recursive occupied (shard) as (
        select min(shard) from outbox
        union all
        select (select min(shard) from outbox where outbox.shard > occupied.shard) from occupied
        where occupied.shard is not null
      ), sampled as (
        select least(1, ${PAGES_MAX}::float8 / greatest(1, pg_relation_size('outbox') / 8192)) as share
      ), total as (
        select shard, count(*) as rows, sum(events)::float8 as events, sum(bytes)::float8 as bytes
        from outbox tablesample system (100 * (select share from sampled)) group by shard
      )
      select shard, round(coalesce(rows, 0) / share) as rows, round(coalesce(events, 0) / share) as events,
        round(coalesce(bytes, 0) / share) as bytes, share = 1 as exact,
        (select extract(epoch from created_at)::float8 * 1000 from outbox
          where outbox.shard = occupied.shard order by id limit 1) as "oldestAtMs"
      from sampled, occupied left join total using (shard) where shard is not null order by shard`,
  );

/** Locks: ACCESS SHARE. */
const checkpointsOf = (database: Database, deadlineMs: number): Promise<Checkpoint[]> =>
  database.run(
    deadlineMs,
    (sql) => sql<Checkpoint[]>`
      select shard, epoch, accepted::float8, duplicate::float8, relayed::float8, dead::float8,
        backlog_bytes::float8 as "backlogBytes", unaccounted::float8,
        extract(epoch from updated_at)::float8 * 1000 as "updatedAtMs"
      from shard_checkpoints order by shard`,
  );

/** Reads for operators. */
export const createOutboxInspector = ({ database }: { readonly database: Database }): OutboxInspector => ({
  shards: (deadlineMs) => orUnavailable(shardsOf(database, deadlineMs)),
  checkpoints: (deadlineMs) => orUnavailable(checkpointsOf(database, deadlineMs)),
});
