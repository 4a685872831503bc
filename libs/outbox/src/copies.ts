import type { Copies, Copy, Keyed } from "@spillway/event";
import { arrayOf, ask, type Database, durableCommit, WRITE_MS } from "@spillway/postgres";
import type { Sql } from "postgres";
import { endedNumbers } from "./accounts.ts";
import { rangeOf } from "./multirange.ts";
import { occupiedShards } from "./occupied.ts";
import { chunksSize } from "./size.ts";

export type CopiesOptions = {
  readonly database: Database;
  /** Chunk bytes that one read answers at most, though always one copy. Default 8 MiB. */
  readonly bytesMax?: number;
};

/** Older than any copy; an interval has no infinity in Postgres 14. */
const MS_MAX = 1e12;

/** Locks: ACCESS SHARE. The running sum is taken before the chunks are fetched. */
const readCopies = (
  sql: Sql,
  shard: number,
  after: string,
  copiesMax: number,
  youngerThanMs: number,
  bytesMax: number,
) =>
  sql<Omit<Copy, "shard">[]>`
  select id, replace(key::text, '-', '') as key, chunk, events from (
    select *, sum(bytes) over (order by id) - bytes as bytes_before from (
      select id, key, chunk, events, bytes from copies
      where shard = ${shard} and id > ${after}::bigint
        and created_at > now() - ${Math.min(youngerThanMs, MS_MAX)}::float8 * interval '1 ms'
      order by id limit ${copiesMax}
    ) as oldest
  ) as summed where bytes_before < ${bytesMax} order by id`;

/** Where no age is asked for no clock is: after a failover it may be behind that by which the rows were written. Locks: ACCESS SHARE. */
const newestCopy = (sql: Sql, shard: number, olderThanMs: number | null) => {
  const isOlder = olderThanMs === null ? sql`` : sql`and created_at < now() - ${olderThanMs}::float8 * interval '1 ms'`;
  return sql<{ id: string }[]>`select id from copies where shard = ${shard} ${isOlder} order by id desc limit 1`;
};

/** `writer` and `numbers` are null where what is named stays. */
const keyed = (sql: Sql, rows: readonly Keyed[]) => {
  const writers = rows.map(({ named }) => named?.writer ?? null);
  const numbers = rows.map(({ named }) => (named ? rangeOf(named.numbers) : null));
  return sql`keyed as (select * from unnest(
    ${arrayOf(rows.map(({ id }) => id))}::bigint[], ${arrayOf(rows.map(({ shard }) => shard))}::int[],
    ${arrayOf(rows.map(({ key }) => key))}::uuid[], ${arrayOf(writers)}::text[], ${arrayOf(numbers)}::int8range[])
    as told (id, shard, key, writer, numbers))`;
};

/** What these rows of a table named, where they are given other numbers. */
const renamed = (sql: Sql, table: "outbox" | "copies") => sql`
  select was.shard, was.writer, was.numbers from ${sql(table)} as was join keyed using (id) where keyed.writer is not null`;

/**
 * And what comes for one that is gone, so that no copy was `given` it: its events met their end or are in the outbox, and whoever appended
 * them once more had no answer for so long that somebody else saw to them (two relays, one of which was frozen: 3 told as lost).
 */
const tooLate = (sql: Sql) => sql`
  select shard, writer, numbers from keyed where writer is not null and id not in (select id from given)`;

/**
 * Under their own ids, so that they stay in their place. Locks: ROW EXCLUSIVE on copies, ACCESS SHARE on the outbox; and the writers' rows,
 * until the statement is over.
 */
const keepRows = (sql: Sql, rows: readonly Keyed[]) => sql`
  with ${keyed(sql, rows)}, given as (
    insert into copies as kept (id, shard, key, chunk, events, bytes, created_at, shards, writer, numbers, dedup_keys)
    select id, outbox.shard, keyed.key, chunk, events, bytes, created_at, shards,
      coalesce(keyed.writer, outbox.writer), coalesce(keyed.numbers, outbox.numbers), dedup_keys
    from outbox join keyed using (id)
    on conflict (id) do update set key = excluded.key,
      writer = coalesce((select writer from keyed where keyed.id = kept.id), kept.writer),
      numbers = coalesce((select numbers from keyed where keyed.id = kept.id), kept.numbers)
    returning id
  ), ended as (${endedNumbers(
    sql,
    sql`${renamed(sql, "outbox")} union all ${renamed(sql, "copies")} union all ${tooLate(sql)}`,
  )})
  select ${sql.unsafe(durableCommit)}`;

/** Locks: these rows, and their writers', until the statement is over. */
const rekeyCopies = (sql: Sql, copies: readonly Keyed[]) => sql`
  with ${keyed(sql, copies)}, given as (
    update copies set key = keyed.key,
      writer = coalesce(keyed.writer, copies.writer), numbers = coalesce(keyed.numbers, copies.numbers)
    from keyed where copies.id = keyed.id
    returning copies.id
  ), ended as (${endedNumbers(sql, sql`${renamed(sql, "copies")} union all ${tooLate(sql)}`)})
  select ${sql.unsafe(durableCommit)}`;

/**
 * Whether this commit survives a crash does not matter, and nobody waits for the disk: a copy that comes back is one of a settled
 * chunk. Locks: these rows and their writers', until the statement is over.
 */
const removeByKey = (sql: Sql, keys: readonly string[]) => sql`
  with gone as (delete from copies where key = any(${arrayOf(keys)}::uuid[]) returning shard, writer, numbers),
    ended as (${endedNumbers(sql, sql`select * from gone`)})
  select set_config('synchronous_commit', 'off', true)`;

/** As by key. */
const removeById = (sql: Sql, ids: readonly string[]) => sql`
  with gone as (delete from copies where id = any(${arrayOf(ids)}::bigint[]) returning shard, writer, numbers),
    ended as (${endedNumbers(sql, sql`select * from gone`)})
  select set_config('synchronous_commit', 'off', true)`;

/** The relay's copies in Postgres. */
export const createCopies = ({ database, bytesMax = 8 * 1024 * 1024 }: CopiesOptions): Copies => {
  const write = async (query: (sql: Sql) => PromiseLike<unknown>): Promise<void> => {
    await ask(database, WRITE_MS, query);
  };
  return {
    occupied: (shards, deadlineMs) => occupiedShards(database, "copies", shards, deadlineMs),
    read: async (shard, after, copiesMax, youngerThanMs) => {
      const copies = await ask(database, WRITE_MS, (sql) =>
        readCopies(sql, shard, after, copiesMax, youngerThanMs, bytesMax),
      );
      return copies.map((copy): Copy => ({ ...copy, shard }));
    },
    newest: async (shard, olderThanMs) => {
      const [copy] = await ask(database, WRITE_MS, (sql) => newestCopy(sql, shard, olderThanMs));
      return copy?.id ?? null;
    },
    keep: (rows) => write((sql) => keepRows(sql, rows)),
    rekey: (rows) => write((sql) => rekeyCopies(sql, rows)),
    settled: (keys) => write((sql) => removeByKey(sql, keys)),
    remove: (ids) => write((sql) => removeById(sql, ids)),
    size: (deadlineMs) => chunksSize(database, "copies", deadlineMs),
  };
};
