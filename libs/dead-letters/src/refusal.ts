import { LETTERS_MAX, type LetterRefusal, type LetterStatus, refuseLetter } from "@spillway/event";
import { arrayOf, ask, type Database } from "@spillway/postgres";
import type { Sql } from "postgres";
import { isLetterId, statusColumn } from "./letter.ts";

/** The distinct ids that can be one. Throws a `RangeError` for more than `LETTERS_MAX`. */
export const idsOf = (ids: readonly string[]): string[] => {
  if (ids.length > LETTERS_MAX) throw new RangeError(`at most ${LETTERS_MAX} dead letters at once`);
  return [...new Set(ids)].filter(isLetterId);
};

/** Locks: ACCESS SHARE. */
const statusesOf = (sql: Sql, ids: readonly string[]) => sql<{ id: string; status: LetterStatus }[]>`
  select id, ${sql.unsafe(statusColumn)} from dead_letters where id = any(${arrayOf(ids)}::bigint[])`;

/** What became of letters that a statement did not change. Rejects with `Unavailable`. */
export const refusalsOf = async (
  database: Database,
  ids: readonly string[],
  deadlineMs: number,
): Promise<LetterRefusal[]> => {
  if (ids.length === 0) return [];
  const rows = await ask(database, deadlineMs, (sql) => statusesOf(sql, ids.filter(isLetterId)));
  const statuses = new Map(rows.map((row) => [row.id, row.status]));
  return ids.map((id) => refuseLetter(id, statuses.get(id) ?? "not_found"));
};
