import type { Actor, LetterRefusal } from "@spillway/event";
import { arrayOf, ask, type Database, durableCommit, WRITE_MS } from "@spillway/postgres";
import type { Sql } from "postgres";
import { statusIs } from "./letter.ts";
import { idsOf, refusalsOf } from "./refusal.ts";

export type Discarded = { readonly discarded: readonly string[]; readonly refused: readonly LetterRefusal[] };
export type Restored = { readonly restored: readonly string[]; readonly refused: readonly LetterRefusal[] };

export const REASON_LENGTH_MAX = 500;

/** Whether this is 1 to 500 characters without a control character (Postgres has no NUL) or a space around them. */
export const isReason = (reason: string): boolean =>
  reason !== "" && reason === reason.trim() && reason.length <= REASON_LENGTH_MAX && !/\p{Cc}/u.test(reason);

type Done = { readonly id: string };

/** Locks: the letters' rows, in id order, until the statement is over. */
const markDiscarded = (sql: Sql, ids: readonly string[], by: string, reason: string) => sql<Done[]>`
  with locked as (
    select id from dead_letters where id = any(${arrayOf(ids)}::bigint[]) and ${sql.unsafe(statusIs.waiting)}
    order by id for update
  ), discarded as (
    update dead_letters set discarded_at = now(), discard_reason = ${reason}
    from locked where dead_letters.id = locked.id returning dead_letters.id
  ), recorded as (
    insert into dead_letter_actions (letter, action, actor, reason)
    select id, 'discard', ${by}, ${reason} from discarded
  )
  select id, ${sql.unsafe(durableCommit)} from discarded`;

/** Locks: the letters' rows, in id order, until the statement is over. */
const markRestored = (sql: Sql, ids: readonly string[], by: string) => sql<Done[]>`
  with locked as (
    select id from dead_letters where id = any(${arrayOf(ids)}::bigint[]) and ${sql.unsafe(statusIs.discarded)}
    order by id for update
  ), restored as (
    update dead_letters set discarded_at = null, discard_reason = null
    from locked where dead_letters.id = locked.id returning dead_letters.id
  ), recorded as (
    insert into dead_letter_actions (letter, action, actor) select id, 'restore', ${by} from restored
  )
  select id, ${sql.unsafe(durableCommit)} from restored`;

const split = async (database: Database, asked: readonly string[], rows: readonly Done[]) => {
  const done = new Set(rows.map((row) => row.id));
  const left = [...new Set(asked)].filter((id) => !done.has(id));
  return { done: [...done], refused: await refusalsOf(database, left, WRITE_MS) };
};

/** Sets letters aside for good, though nothing is deleted. Everything rejects with `Unavailable`; repeating is safe. */
export const createDiscard = ({ database }: { readonly database: Database }) => ({
  /** Throws a `RangeError` without a reason (`isReason`, after the space around it is gone). */
  discard: async (ids: readonly string[], { by, reason }: Actor & { readonly reason: string }): Promise<Discarded> => {
    const why = reason.trim();
    if (!isReason(why))
      throw new RangeError(`a reason of 1 to ${REASON_LENGTH_MAX} characters without control characters is required`);
    const asked = idsOf(ids);
    const rows = await ask(database, WRITE_MS, (sql) => markDiscarded(sql, asked, by, why));
    const { done, refused } = await split(database, ids, rows);
    return { discarded: done, refused };
  },
  /** Makes discarded letters wait again. */
  restore: async (ids: readonly string[], { by }: Actor): Promise<Restored> => {
    const asked = idsOf(ids);
    const rows = await ask(database, WRITE_MS, (sql) => markRestored(sql, asked, by));
    const { done, refused } = await split(database, ids, rows);
    return { restored: done, refused };
  },
});
