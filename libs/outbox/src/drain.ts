import type { outbox } from "@spillway/drizzle/schema";
import { type Lease, type OutboxDrain, type OutboxRow, type Position, Unavailable } from "@spillway/event";
import { arrayOf, ask, type Database, WRITE_MS } from "@spillway/postgres";
import type { Sql } from "postgres";
import { recordedPositions } from "./accounts.ts";
import { occupiedShards } from "./occupied.ts";
import { chunksSize } from "./size.ts";

export type OutboxDrainOptions = {
  readonly database: Database;
  /** Chunk bytes that one call of `move` gets at most, though always one row. Default 8 MiB. */
  readonly bytesMax?: number;
  /** For each of the three statements of a drain. Default 5,000. */
  readonly deadlineMs?: number;
};

/** The channel that the trigger in the migrations notifies. */
const CHANNEL = "spillway_outbox";

type StoredRow = Pick<typeof outbox.$inferSelect, "chunk" | "events"> & {
  readonly id: string;
  readonly put_by: string | null;
  readonly put_total: string | null;
  /** As text: a `Date` has no microseconds. */
  readonly born: string;
};

type Owner = Pick<Lease, "shard" | "token">;

/**
 * The token that the shard's rows are for now, ours unless a higher one was there. To be over before they are read: what a former owner
 * deletes by then is not shown, and it deletes no more. Locks: the shard's row, until the statement is over, so it waits for such a delete.
 */
const takenBy = (sql: Sql, { shard, token }: Owner) => sql<{ token: string }[]>`
  with taken as (
    insert into shard_checkpoints as last (shard, token, accepted, duplicate, relayed, dead, backlog_bytes)
    values (${shard}, ${token}, 0, 0, 0, 0, 0)
    on conflict (shard) do update set token = excluded.token, sequence = 0 where last.token < excluded.token
    returning token
  )
  select token from taken
  union all select token from shard_checkpoints where shard = ${shard} and not exists (select from taken)`;

/**
 * The oldest committed rows of a shard in id order: no cursor, since a lower id may be committed later. The running sum
 * is taken before the chunks are fetched. Locks: ACCESS SHARE.
 */
const oldestRows = (sql: Sql, shard: number, rowsMax: number, bytesMax: number) => sql<StoredRow[]>`
  select id, chunk, events, put_by, put_total, created_at::text as born from (
    select *, sum(bytes) over (order by id) - bytes as bytes_before from (
      select id, chunk, events, bytes, put_by, put_total, created_at from outbox where shard = ${shard} order by id limit ${rowsMax}
    ) as oldest
  ) as summed where bytes_before < ${bytesMax} order by id`;

/**
 * Exactly these rows, unless a higher token has taken them, and records where they are now, unless none was there any more: then
 * another has moved them, under other numbers. Not by their ids alone: a Postgres that went back after they were read gives their
 * ids once more, to rows that nobody has moved. Locks: FOR SHARE on the shard's row, ROW EXCLUSIVE on the table, FOR UPDATE on the
 * rows, and those of the writers, until the statement is over.
 */
const deleteRows = (
  sql: Sql,
  { shard, token }: Owner,
  rows: readonly StoredRow[],
  positions: readonly Position[],
) => sql`
  with owner as materialized (select token from shard_checkpoints where shard = ${shard} for share),
  ours as (select where not exists (select from owner where token > ${token})),
  gone as (
    delete from outbox where exists (select from ours) and id = any(${arrayOf(rows.map(({ id }) => id))}::bigint[])
      and created_at = any(${arrayOf(rows.map(({ born }) => born))}::timestamptz[])
    returning id
  ), recorded as (${recordedPositions(sql, positions, sql`exists (select from gone)`)})
  select id from gone`;

const rowOf = ({ id, chunk, events, put_by, put_total }: StoredRow, shard: number): OutboxRow => ({
  id,
  shard,
  chunk,
  events,
  putBy: put_by === null ? null : [put_by, Number(put_total)],
});

/**
 * Rows leave only after `move` said that their appends succeeded; whatever happens in between, they stay and are moved
 * again. That takes no transaction around `move` and no row locks: the shard's lease keeps other drains away, its token
 * makes the append of a lost lease harmless, and here its delete, and a frozen relay would otherwise hold the locks and Postgres's vacuum
 * (and postgres.js transactions are unsafe when a connection is lost: P1 of libs/postgres).
 */
export const createOutboxDrain = (options: OutboxDrainOptions): OutboxDrain => {
  const { database, bytesMax = 8 * 1024 * 1024, deadlineMs: ownMs = WRITE_MS } = options;
  return {
    occupied: (shards, deadlineMs) => occupiedShards(database, "outbox", shards, deadlineMs),
    size: (deadlineMs) => chunksSize(database, "outbox", deadlineMs),
    drain: async (lease, rowsMax, move, positions = () => []) => {
      const { shard, token } = lease;
      const [taken] = await ask(database, ownMs, (sql) => takenBy(sql, lease));
      if (Number(taken?.token) > token) throw new Unavailable("outranked");
      const stored = await ask(database, ownMs, (sql) => oldestRows(sql, shard, rowsMax, bytesMax));
      if (stored.length === 0) return { found: 0, removed: 0 };
      const rows = stored.map((row) => rowOf(row, shard));
      const moved = stored.slice(0, await move(rows));
      if (moved.length === 0) return { found: rows.length, removed: 0 };
      const { count } = await ask(database, ownMs, (sql) => deleteRows(sql, lease, moved, positions()));
      return { found: rows.length, removed: count };
    },
    watch: async (onRows) => database.listen(CHANNEL, onRows),
  };
};
