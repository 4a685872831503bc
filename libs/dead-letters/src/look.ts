import type { EntryPlace, LetterLook, LetterSight } from "@spillway/event";
import { ask, type Database, epochMs } from "@spillway/postgres";
import type { Sql } from "postgres";

// Written out: letter.ts knows the columns from the schema, which would bring drizzle-orm into every edge.
const STATUS = `case when replayed_at is not null then 'replayed' when discarded_at is not null then 'discarded' else 'waiting' end`;

/** By the indexes `dead_letters_life` and `dead_letters_place`. Locks: ACCESS SHARE. */
const findLetter = (sql: Sql, identity: string, place: EntryPlace | null) => {
  const isWhole = place
    ? sql`union all select * from dead_letters where dedup_key is null and shard = ${place.shard} and entry = ${place.entry}`
    : sql``;
  return sql<LetterSight[]>`
    select id as letter, replay, class, code, ${sql.unsafe(STATUS)} as status,
      ${sql.unsafe(epochMs("created_at"))} as "diedAtMs"
    from (select * from dead_letters where dedup_key = ${identity} ${isWhole}) as letters
    order by letters.id desc limit 1`;
};

/** The last death of an event, also of the whole entry that it was in. */
export const createLetterLook =
  ({ database }: { readonly database: Database }): LetterLook =>
  async (identity, place, deadlineMs) =>
    (await ask(database, deadlineMs, (sql) => findLetter(sql, identity, place)))[0] ?? null;
