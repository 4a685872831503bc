import { type Accounts, type Position, unionOf } from "@spillway/event";
import { arrayOf, ask, type Database, durableCommit } from "@spillway/postgres";
import type { Fragment, Sql } from "postgres";
import { multirangeOf } from "./multirange.ts";

/** Far less than what a writer is taken for dead after. */
const LIVES_FOR = "interval '10 minutes'";

/** Each writer once: a statement that changes a row twice is refused (21000), and a relay tells of one writer that it gave it up and what ended of it. */
const mergedOf = (positions: readonly Position[]): readonly Required<Position>[] => {
  const merged = new Map<string, Required<Position>>();
  for (const { shard, writer, acknowledged, ended, givenUp = false } of positions) {
    const key = `${shard} ${writer}`;
    const known = merged.get(key);
    merged.set(key, {
      shard,
      writer,
      acknowledged: Math.max(acknowledged, known?.acknowledged ?? 0),
      ended: known ? unionOf(known.ended, ended) : ended,
      givenUp: givenUp || known?.givenUp === true,
    });
  }
  return [...merged.values()];
};

/**
 * Adds to what is known. Each process repeats once a second what it knows, so what stands there already writes nothing, and of a
 * writer of the outbox what the outbox has had; but who still lives is written now and then, for its time. In the order of the rows,
 * so that two of these never wait for each other. `only`: whether at all. Locks: the writers' rows that change, until the statement is over.
 */
export const recordedPositions = (sql: Sql, told: readonly Position[], only: Fragment = sql`true`) => {
  const positions = mergedOf(told);
  const column = (name: "shard" | "writer" | "acknowledged") => arrayOf(positions.map((position) => position[name]));
  const ended = arrayOf(positions.map((position) => multirangeOf(position.ended)));
  const givenUp = arrayOf(positions.map((position) => String(position.givenUp)));
  return sql`
    insert into shard_writers as known (shard, writer, acknowledged, ended, given_up)
    select told.* from unnest(${column("shard")}::int[], ${column("writer")}::text[], ${column("acknowledged")}::bigint[],
      ${ended}::int8multirange[], ${givenUp}::bool[]) as told (shard, writer, acknowledged, ended, given_up)
    left join shard_writers as stands using (shard, writer)
    where ${only} and (stands.writer is null or not told.ended <@ stands.ended or (told.given_up and not stands.given_up)
      or told.acknowledged > greatest(stands.acknowledged, stands.had)
      or (told.acknowledged > 0 and not stands.given_up and stands.seen_at < now() - ${sql.unsafe(LIVES_FOR)}))
    order by shard, writer
    on conflict (shard, writer) do update set
      acknowledged = greatest(known.acknowledged, excluded.acknowledged),
      ended = known.ended + excluded.ended, given_up = known.given_up or excluded.given_up,
      seen_at = now(), retired_at = null`;
};

/**
 * The numbers that rows named, columns `shard`, `writer` and `numbers`, have met their end. In the order of the rows, as above. Locks: the
 * writers' rows, until the statement is over.
 */
export const endedNumbers = (sql: Sql, rows: Fragment) => sql`
  insert into shard_writers as known (shard, writer, ended)
  select shard, writer, range_agg(numbers) from (${rows}) as named where writer is not null
  group by shard, writer order by shard, writer
  on conflict (shard, writer) do update set ended = known.ended + excluded.ended, seen_at = now(), retired_at = null
  where not excluded.ended <@ known.ended`;

/** What a process knows of its own appends, and of others', in one statement for all shards. */
export const createAccounts = ({ database }: { readonly database: Database }): Accounts => ({
  record: async (positions, deadlineMs) => {
    if (positions.length === 0) return;
    await ask(
      database,
      deadlineMs,
      (sql) => sql`with recorded as (${recordedPositions(sql, positions)}) select ${sql.unsafe(durableCommit)}`,
    );
  },
});
