import { type Database, DatabaseFailure } from "@spillway/postgres";
import type { Sql } from "postgres";
import { neededColumns } from "./needed-columns.ts";

export type Schema = { readonly unmigrated: boolean; readonly missing: number };

const needed = JSON.stringify(
  Object.entries(neededColumns).flatMap(([table, columns]) => columns.split(" ").map((column) => ({ table, column }))),
);

/**
 * Columns for a select. The catalog is asked, where a dropped column keeps no name, and not the list of applied
 * migrations: an app's user needs no right to see that one, and what an app needs is columns. Locks: none on the tables.
 */
export const schemaColumns = (sql: Sql) => sql`
  to_regclass('outbox') is null as unmigrated,
  (select count(*)::int from json_array_elements(${needed}::text::json) as needed where not exists (
    select from pg_attribute where attrelid = to_regclass(needed ->> 'table') and attname = needed ->> 'column'
  )) as missing`;

/** What this version of Spillway misses, and the remedy. */
export const warningOfSchema = ({ unmigrated, missing }: Schema): string | null => {
  if (unmigrated) return "not migrated: npm run migrate";
  return missing > 0 ? "tables of an older version: npm run migrate" : null;
};

/** For an app that asks Postgres for nothing else about its health. None when there is nothing to warn of, or no answer. */
export const schemaWarnings = async (database: Database, deadlineMs: number): Promise<readonly string[]> => {
  try {
    const [schema] = await database.run(deadlineMs, (sql) => sql<Schema[]>`select ${schemaColumns(sql)}`);
    const warning = schema === undefined ? null : warningOfSchema(schema);
    return warning === null ? [] : [warning];
  } catch (error) {
    if (error instanceof DatabaseFailure) return [];
    throw error;
  }
};
