import { arrayOf, ask, type Database, durableCommit, WRITE_MS } from "@spillway/postgres";
import type { Sql } from "postgres";
import { type LetterActor, whileHeld } from "./actor.ts";
import { statusIs } from "./letter.ts";
import { idsOf, refusalsOf } from "./refusal.ts";

export const REASON_LENGTH_MAX = 500;

/** Whether this is 1 to 500 characters without a control character (Postgres has no NUL) or a space around them. */
export const isReason = (reason: string): boolean =>
  reason !== "" && reason === reason.trim() && reason.length <= REASON_LENGTH_MAX && !/\p{Cc}/u.test(reason);

type Done = { readonly id: string };

/**
 * Discards waiting letters with a reason, or makes discarded ones wait again without. Locks: the letters' rows, in id
 * order, until the statement is over.
 */
const mark = (sql: Sql, ids: readonly string[], by: LetterActor, reason: string | null) => {
  const [from, at, action] =
    reason === null ? [statusIs.discarded, "null", "restore"] : [statusIs.waiting, "now()", "discard"];
  return sql<Done[]>`
    with locked as (
      select id from dead_letters where id = any(${arrayOf(ids)}::bigint[]) and ${sql.unsafe(from)} ${whileHeld(sql, by)}
      order by id for update
    ), marked as (
      update dead_letters set discarded_at = ${sql.unsafe(at)}, discard_reason = ${reason}
      from locked where dead_letters.id = locked.id returning dead_letters.id
    ), recorded as (
      insert into dead_letter_actions (letter, action, actor, reason, job)
      select id, ${action}, ${by.by}, ${reason}, ${by.job?.id ?? null} from marked
    )
    select id, ${sql.unsafe(durableCommit)} from marked`;
};

const change = async (database: Database, ids: readonly string[], by: LetterActor, reason: string | null) => {
  const asked = idsOf(ids);
  const rows = await ask(database, WRITE_MS, (sql) => mark(sql, asked, by, reason));
  const done = new Set(rows.map((row) => row.id));
  const left = [...new Set(ids)].filter((id) => !done.has(id));
  return { done: [...done], refused: await refusalsOf(database, left, WRITE_MS) };
};

/** Sets letters aside for good, though nothing is deleted. Everything rejects with `Unavailable`; repeating is safe. */
export const createDiscard = ({ database }: { readonly database: Database }) => ({
  /** Throws a `RangeError` without a reason (`isReason`, after the space around it is gone). */
  discard: async (ids: readonly string[], by: LetterActor & { readonly reason: string }) => {
    const why = by.reason.trim();
    if (!isReason(why))
      throw new RangeError(`a reason of 1 to ${REASON_LENGTH_MAX} characters without control characters is required`);
    const { done, refused } = await change(database, ids, by, why);
    return { discarded: done, refused };
  },
  /** Makes discarded letters wait again. */
  restore: async (ids: readonly string[], by: LetterActor) => {
    const { done, refused } = await change(database, ids, by, null);
    return { restored: done, refused };
  },
});
