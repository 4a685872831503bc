import type { ShardChunk } from "@spillway/event";
import { arrayOf } from "@spillway/postgres";
import type { Sql } from "postgres";
import { rangeOf } from "./multirange.ts";

const totalOf = ({ putBy, events }: ShardChunk): number | null => (putBy ? putBy.floor + events : null);

/** Which numbers its events will have in the stream, should it be there too. */
export const numbersOf = ({ from, events }: Pick<ShardChunk, "from" | "events">): string | null =>
  from ? rangeOf([from.floor, from.floor + events]) : null;

/**
 * Advances how many events the chunks' writers have had in the outbox, from what their edge was answered before, and answers the
 * shards of those who stand there. Who does not was forgotten by a Postgres that went back. One append of a writer is under way at
 * any time, so what is read here is not changed meanwhile. Locks: the writers' rows, in their order, until the statement is over.
 */
export const countedWriters = (sql: Sql, chunks: readonly ShardChunk[]) => {
  const accounted = chunks.flatMap((chunk) => (chunk.putBy ? [{ ...chunk, ...chunk.putBy }] : []));
  const column = (name: "shard" | "writer" | "floor" | "events") => arrayOf(accounted.map((chunk) => chunk[name]));
  return sql`
    insert into shard_writers as known (shard, writer, had)
    select told.shard, told.writer, floor + events
    from unnest(${column("shard")}::int[], ${column("writer")}::text[], ${column("floor")}::bigint[],
      ${column("events")}::bigint[]) as told (shard, writer, floor, events)
    left join shard_writers as stands on stands.shard = told.shard and stands.writer = told.writer
    where coalesce(stands.had, 0) = floor
    order by told.shard, told.writer
    on conflict (shard, writer) do update set had = excluded.had, seen_at = now()
    returning shard`;
};

/** Rows for the chunks of `counted`, and of nobody's. To be used beside it. */
export const enteredRows = (sql: Sql, chunks: readonly ShardChunk[], shards: number | null) => {
  const rows = chunks.map(
    (chunk) => sql`
    select ${chunk.shard}::int, ${shards}::int, ${chunk.chunk}::bytea, ${chunk.events}::int, ${chunk.chunk.length}::int,
      ${chunk.from?.writer ?? null}::text, ${numbersOf(chunk)}::int8range,
      ${chunk.putBy?.writer ?? null}::text, ${totalOf(chunk)}::bigint, ${chunk.dedupKeys}::text`,
  );
  return sql`
    insert into outbox (shard, shards, chunk, events, bytes, writer, numbers, put_by, put_total, dedup_keys)
    select * from (${rows.reduce((all, row) => sql`${all} union all ${row}`)})
      as row (shard, shards, chunk, events, bytes, writer, numbers, put_by, put_total, dedup_keys)
    where put_by is null or shard in (select shard from counted)
    returning shard`;
};
