import { arrayOf, ask, type Database } from "@spillway/postgres";
import type { Sql } from "postgres";
import { isLetterId, type LetterStatus, statusColumn } from "./letter.ts";

/** Why a letter was left as it is. */
export type Refusal = {
  readonly id: string;
  readonly code:
    | "not_found"
    | "waiting"
    | "replayed"
    | "discarded"
    | "undecodable"
    | "no_identity"
    | "replayed_too_often"
    | "batch_too_large";
  readonly detail: string;
};

/** Who did it, for the record. */
export type Actor = { readonly by: string };

const IDS_MAX = 500;

/** The distinct ids that can be one. Throws a `RangeError` for more than 500: the caller pages. */
export const idsOf = (ids: readonly string[]): string[] => {
  if (ids.length > IDS_MAX) throw new RangeError(`at most ${IDS_MAX} dead letters at once`);
  return [...new Set(ids)].filter(isLetterId);
};

const DETAILS: Readonly<Record<LetterStatus | "not_found", string>> = {
  not_found: "there is no dead letter of this id",
  waiting: "it is waiting, neither replayed nor discarded",
  replayed: "it was replayed before; if it died again it has a new dead letter",
  discarded: "it was discarded; restore it first",
};

export const refuse = (id: string, code: LetterStatus | "not_found"): Refusal => ({ id, code, detail: DETAILS[code] });

/** Locks: ACCESS SHARE. */
const statusesOf = (sql: Sql, ids: readonly string[]) => sql<{ id: string; status: LetterStatus }[]>`
  select id, ${sql.unsafe(statusColumn)} from dead_letters where id = any(${arrayOf(ids)}::bigint[])`;

/** What became of letters that a statement did not change. Rejects with `Unavailable`. */
export const refusalsOf = async (
  database: Database,
  ids: readonly string[],
  deadlineMs: number,
): Promise<Refusal[]> => {
  if (ids.length === 0) return [];
  const rows = await ask(database, deadlineMs, (sql) => statusesOf(sql, ids.filter(isLetterId)));
  const statuses = new Map(rows.map((row) => [row.id, row.status]));
  return ids.map((id) => refuse(id, statuses.get(id) ?? "not_found"));
};
