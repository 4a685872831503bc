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

/** Settings with which an insert that is answered may be gone after a crash. */
const breakingOf = (settings: Settings): string[] => {
  const breaking: string[] = [];
  // Our own writes raise it for themselves; a commit of an application that enqueues would be answered too early.
  if (settings.synchronous_commit === "off") breaking.push("synchronous_commit=off");
  if (settings.fsync === "off") breaking.push("fsync=off");
  if (settings.full_page_writes === "off") breaking.push("full_page_writes=off");
  if (settings.persistence === "u") breaking.push("outbox is unlogged");
  return breaking;
};

export const warningsOf = (settings: Settings): string[] => {
  const warnings = breakingOf(settings);
  if (settings.read_only) warnings.push("read-only");
  if (settings.permitted === false)
    warnings.push("its user may not insert into and select from outbox and shard_writers, and update the latter");
  const schema = warningOfSchema(settings);
  if (schema !== null) warnings.push(schema);
  return warnings;
};

/** Locks: none on the table; it reads settings and catalogs. */
const settingsOf = (sql: Sql) => sql<Settings[]>`
  select current_setting('synchronous_commit') as synchronous_commit, current_setting('fsync') as fsync,
    current_setting('full_page_writes') as full_page_writes,
    current_setting('transaction_read_only')::bool as read_only,
    (select relpersistence from pg_class where oid = to_regclass('outbox')) as persistence,
    has_table_privilege(to_regclass('outbox'), 'insert') and has_table_privilege(to_regclass('outbox'), 'select')
      and has_table_privilege(to_regclass('shard_writers'), 'insert')
      and has_table_privilege(to_regclass('shard_writers'), 'select')
      and has_table_privilege(to_regclass('shard_writers'), 'update')
      as permitted,
    ${schemaColumns(sql)}`;

/**
 * Inserts a row of so many bytes and takes it back before it is committed, so that nobody ever sees it: a full disk, a
 * lock or a trigger does not show in any setting. Locks: ROW EXCLUSIVE on the table, as an append.
 */
const tryInsert = (sql: Sql, bytes: number) =>
  sql.unsafe(`
    do $$ begin
      insert into outbox (shard, chunk, events, bytes) values (0, convert_to(repeat('x', ${bytes}), 'UTF8'), 1, ${bytes});
      raise 'taken back' using errcode = 'SPW02';
    exception when sqlstate 'SPW02' then null;
    end $$`);

const refusalOf = async (tried: Promise<unknown> | null): Promise<string | null> => {
  try {
    await tried;
    return null;
  } catch (error) {
    if (error instanceof DatabaseFailure) return error.code;
    throw error;
  }
};

/**
 * Down: it cannot take an event now. `tryBytes`: of an insert that is tried, null for none; its refusal is a warning by
 * its code.
 */
export const outboxHealth = async (
  database: Database,
  deadlineMs: number,
  tryBytes: number | null,
): Promise<TierHealth> => {
  try {
    const tried = tryBytes === null ? null : database.run(deadlineMs, (sql) => tryInsert(sql, tryBytes));
    const [[settings], refusal] = await Promise.all([database.run(deadlineMs, settingsOf), refusalOf(tried)]);
    if (settings === undefined) return { status: "down", warnings: [], promise: null };
    const mayWrite = !settings.read_only && settings.permitted === true;
    const because = breakingOf(settings);
    return {
      status: mayWrite && refusal === null ? "up" : "down",
      // What a setting says already has its own words.
      warnings: [...warningsOf(settings), ...(mayWrite && refusal !== null ? [refusal] : [])],
      promise: because.length > 0 ? { state: "broken", because } : { state: "kept" },
    };
  } catch (error) {
    if (error instanceof DatabaseFailure) return { status: "down", warnings: [error.code], promise: null };
    throw error;
  }
};
