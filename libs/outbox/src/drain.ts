import type { OutboxDrain, OutboxRow } from "@spillway/event";
import { type Database, orUnavailable } from "@spillway/postgres";
import { occupiedShards } from "./occupied.ts";
import { outboxSize } from "./size.ts";

export type OutboxDrainOptions = {
  readonly database: Database;
  /** Chunk bytes that one call of `move` gets at most, though always one row. Default 8 MiB. */
  readonly bytesMax?: number;
  /** For each of the two statements of a drain. Default 5,000. */
  readonly deadlineMs?: number;
};

/** The channel that the trigger in the migrations notifies. */
const CHANNEL = "spillway_outbox";

type StoredRow = { readonly id: string; readonly chunk: Uint8Array; readonly events: number };

/**
 * The oldest committed rows of a shard in id order: no cursor, since a lower id may be committed later. The running sum
 * is taken before the chunks are fetched. Locks: ACCESS SHARE.
 */
const oldestRows = (options: Required<OutboxDrainOptions>, shard: number, rowsMax: number): Promise<StoredRow[]> =>
  options.database.run(
    options.deadlineMs,
    (sql) => sql<StoredRow[]>`
      select id, chunk, events from (
        select *, sum(bytes) over (order by id) - bytes as bytes_before from (
          select id, chunk, events, bytes from outbox where shard = ${shard} order by id limit ${rowsMax}
        ) as oldest
      ) as summed where bytes_before < ${options.bytesMax} order by id`,
  );

/** Exactly these rows. Locks: ROW EXCLUSIVE on the table, FOR UPDATE on the rows until the statement is over. */
const deleteRows = async (options: Required<OutboxDrainOptions>, rows: readonly OutboxRow[]): Promise<number> => {
  const ids = `{${rows.map((row) => row.id).join()}}`;
  const { count } = await options.database.run(
    options.deadlineMs,
    (sql) => sql`delete from outbox where id = any(${ids}::bigint[])`,
  );
  return count;
};

/**
 * Rows leave only after `move` said that their appends succeeded; whatever happens in between, they stay and are moved
 * again. That takes no transaction around `move` and no row locks: the shard's lease keeps other drains away, its token
 * makes the append of a lost lease harmless, and a frozen relay would otherwise hold the locks and Postgres's vacuum
 * (2026-11-21; and postgres.js transactions are unsafe when a connection is lost, see libs/postgres/src/database.ts).
 */
export const createOutboxDrain = (given: OutboxDrainOptions): OutboxDrain => {
  const options = { bytesMax: 8 * 1024 * 1024, deadlineMs: 5_000, ...given };
  const { database } = options;
  return {
    occupied: (shards, deadlineMs) => occupiedShards(database, shards, deadlineMs),
    size: (deadlineMs) => outboxSize(database, deadlineMs),
    drain: async (shard, rowsMax, move) => {
      const stored = await orUnavailable(oldestRows(options, shard, rowsMax));
      if (stored.length === 0) return { found: 0, removed: 0 };
      const rows = stored.map((row): OutboxRow => ({ ...row, shard }));
      const moved = rows.slice(0, await move(rows));
      const removed = moved.length === 0 ? 0 : await orUnavailable(deleteRows(options, moved));
      return { found: rows.length, removed };
    },
    watch: async (onRows) => database.listen(CHANNEL, onRows),
  };
};
