import type { outbox } from "@spillway/drizzle/schema";
import type { OutboxDrain, OutboxRow, Position } from "@spillway/event";
import { arrayOf, ask, type Database, WRITE_MS } from "@spillway/postgres";
import type { Sql } from "postgres";
import { recordedPositions } from "./accounts.ts";
import { occupiedShards } from "./occupied.ts";
import { chunksSize } from "./size.ts";

export type OutboxDrainOptions = {
  readonly database: Database;
  /** Chunk bytes that one call of `move` gets at most, though always one row. Default 8 MiB. */
  readonly bytesMax?: number;
  /** For each of the two statements of a drain. Default 5,000. */
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
 * Exactly these rows, and records where they are now. Not by their ids alone: a Postgres that went back after they were read gives
 * their ids once more, to rows that nobody has moved. Locks: ROW EXCLUSIVE on the table, FOR UPDATE on the rows, and those of the
 * writers, until the statement is over.
 */
const deleteRows = (sql: Sql, rows: readonly StoredRow[], positions: readonly Position[]) => sql`
  with recorded as (${recordedPositions(sql, positions)})
  delete from outbox where id = any(${arrayOf(rows.map(({ id }) => id))}::bigint[])
    and created_at = any(${arrayOf(rows.map(({ born }) => born))}::timestamptz[])`;

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
 * makes the append of a lost lease harmless, and a frozen relay would otherwise hold the locks and Postgres's vacuum
 * (and postgres.js transactions are unsafe when a connection is lost: P1 of libs/postgres).
 */
export const createOutboxDrain = (options: OutboxDrainOptions): OutboxDrain => {
  const { database, bytesMax = 8 * 1024 * 1024, deadlineMs: ownMs = WRITE_MS } = options;
  return {
    occupied: (shards, deadlineMs) => occupiedShards(database, "outbox", shards, deadlineMs),
    size: (deadlineMs) => chunksSize(database, "outbox", deadlineMs),
    drain: async (shard, rowsMax, move, positions = () => []) => {
      const stored = await ask(database, ownMs, (sql) => oldestRows(sql, shard, rowsMax, bytesMax));
      if (stored.length === 0) return { found: 0, removed: 0 };
      const rows = stored.map((row) => rowOf(row, shard));
      const moved = stored.slice(0, await move(rows));
      if (moved.length === 0) return { found: rows.length, removed: 0 };
      const { count } = await ask(database, ownMs, (sql) => deleteRows(sql, moved, positions()));
      return { found: rows.length, removed: count };
    },
    watch: async (onRows) => database.listen(CHANNEL, onRows),
  };
};
