import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createClient } from "@spillway/postgres/client";
import { createRoute, type Way } from "@spillway/postgres/route";
import type { Sql, TransactionSql } from "postgres";

/** Any constant, the same for everybody who migrates. */
const LOCK_KEY = 727_001;
/** Covers another process's whole migration, and a table that is in use. */
const LOCK_TIMEOUT_MS = 60_000;

/** What a migration did to the database. */
export type Migrated = {
  /** The names of the migrations that were applied now, in order. */
  readonly applied: readonly string[];
  readonly alreadyApplied: number;
  /** Of a newer Spillway that migrated this database before. */
  readonly unknown: number;
};

type Migration = { readonly tag: string; readonly when: number };

const folder = new URL("../migrations/", import.meta.url);
const textOf = (file: string): string => readFileSync(new URL(file, folder), "utf8");
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const known = (): readonly Migration[] => JSON.parse(textOf("meta/_journal.json")).entries;

/** Its own table of what was applied, because an application that shares the database may have drizzle's default one. */
const appliedBefore = async (tx: TransactionSql): Promise<ReadonlySet<number>> => {
  const [found] = await tx<{ schema: unknown; applied: unknown }[]>`
    select to_regnamespace('drizzle') as schema, to_regclass('drizzle.spillway_migrations') as applied`;
  // Not "if not exists": that asks for the right to create even when there is nothing to create.
  if (found?.schema === null) await tx`create schema drizzle`;
  if (found?.applied === null)
    await tx`create table drizzle.spillway_migrations (id serial primary key, hash text not null, created_at bigint)`;
  const rows = await tx<{ when: string }[]>`select created_at as when from drizzle.spillway_migrations`;
  return new Set(rows.map(({ when }) => Number(when)));
};

const apply = async (tx: TransactionSql, { tag, when }: Migration): Promise<void> => {
  const text = textOf(`${tag}.sql`);
  for (const statement of text.split("--> statement-breakpoint")) await tx.unsafe(statement);
  await tx`insert into drizzle.spillway_migrations (hash, created_at) values (${sha256(text)}, ${when})`;
};

/** Thrown for what Postgres does not complain about itself. */
export class MigrationRefused extends Error {}

const refuseOtherSchema = async (tx: TransactionSql): Promise<void> => {
  const [found] = await tx`select to_regclass('outbox') as outbox`;
  if (found?.outbox !== null) return;
  throw new MigrationRefused(
    "this database was migrated with another search_path, and one database holds one Spillway: use its search_path, or another database",
  );
};

const migrateIn = async (tx: TransactionSql): Promise<Migrated> => {
  await tx.unsafe(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
  await tx.unsafe("set local statement_timeout = 0");
  await tx`select pg_advisory_xact_lock(${LOCK_KEY})`;
  const before = await appliedBefore(tx);
  const all = known();
  const pending = all.filter(({ when }) => !before.has(when));
  for (const migration of pending) await apply(tx, migration);
  await refuseOtherSchema(tx);
  const alreadyApplied = all.length - pending.length;
  return { applied: pending.map(({ tag }) => tag), alreadyApplied, unknown: before.size - alreadyApplied };
};

const migrateOver = async (way: Way): Promise<Migrated> => {
  const sql: Sql = createClient({ way, connectionsMax: 1, statementTimeoutMs: 0 });
  try {
    return (await sql.begin(migrateIn)) as Migrated;
  } finally {
    await sql.end({ timeout: 5 });
  }
};

/**
 * Applies the pending migrations in one transaction, all or none. Locks: an advisory lock and what the migrations lock,
 * until it is over, so processes that call it at once wait for each other, up to 60 s; a pooler may be in between.
 * Rejects with `MigrationRefused`, or with what Postgres or postgres.js said.
 */
export const runMigrations = async (url: string): Promise<Migrated> => {
  const route = createRoute(url);
  for (let left = route.ways; ; left--) {
    const way = route.way();
    try {
      return await migrateOver(way);
    } catch (error) {
      if (!route.leave(way, error) || left <= 1) throw error;
    }
  }
};
