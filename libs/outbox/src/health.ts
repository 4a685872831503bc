import type { TierHealth } from "@spillway/event";
import { type Database, DatabaseFailure } from "@spillway/postgres";
import type { Sql } from "postgres";
import { type Schema, schemaColumns, warningOfSchema } from "./schema-warning.ts";

type Settings = Schema & {
  readonly synchronous_commit: string;
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly read_only: boolean;
  readonly persistence: string | null;
  /** Null without a table. */
  readonly permitted: boolean | null;
};

export const warningsOf = (settings: Settings): string[] => {
  const warnings: string[] = [];
  // Our own writes raise it for themselves; a commit of an application that enqueues would be answered too early.
  if (settings.synchronous_commit === "off") warnings.push("synchronous_commit=off");
  if (settings.fsync === "off") warnings.push("fsync=off");
  if (settings.full_page_writes === "off") warnings.push("full_page_writes=off");
  if (settings.read_only) warnings.push("read-only");
  if (settings.persistence === "u") warnings.push("outbox is unlogged");
  if (settings.permitted === false) warnings.push("its user may not insert into and select from outbox");
  const schema = warningOfSchema(settings);
  if (schema !== null) warnings.push(schema);
  return warnings;
};

/** Locks: none on the table; it reads settings and catalogs, so a locked table does not show here. */
const settingsOf = (sql: Sql) => sql<Settings[]>`
  select current_setting('synchronous_commit') as synchronous_commit, current_setting('fsync') as fsync,
    current_setting('full_page_writes') as full_page_writes,
    current_setting('transaction_read_only')::bool as read_only,
    (select relpersistence from pg_class where oid = to_regclass('outbox')) as persistence,
    has_table_privilege(to_regclass('outbox'), 'insert') and has_table_privilege(to_regclass('outbox'), 'select')
      as permitted,
    ${schemaColumns(sql)}`;

/** Down: it cannot take an event now. */
export const outboxHealth = async (database: Database, deadlineMs: number): Promise<TierHealth> => {
  try {
    const [settings] = await database.run(deadlineMs, settingsOf);
    if (settings === undefined) return { status: "down", warnings: [] };
    const writable = !settings.read_only && settings.permitted === true;
    return { status: writable ? "up" : "down", warnings: warningsOf(settings) };
  } catch (error) {
    if (error instanceof DatabaseFailure) return { status: "down", warnings: [error.code] };
    throw error;
  }
};
