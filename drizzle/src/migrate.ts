import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import { createClient } from "./client.ts";

/** Any constant, the same for everybody who migrates. */
const LOCK_KEY = 727_001;
/** Covers another process's whole migration, and a table that is in use. */
const LOCK_TIMEOUT_MS = 60_000;

const migrationsFolder = fileURLToPath(new URL("../migrations", import.meta.url));

/**
 * Applies the pending migrations, all or none. Processes that call it at once wait for each other (a session advisory
 * lock, up to 60 s), so it needs a connection of its own: a pooler in transaction mode will not do. Its own table of
 * what was applied, because an application that shares the database may have drizzle's default one.
 */
export const runMigrations = async (url: string): Promise<void> => {
  const sql = createClient({ url, connectionsMax: 1, statementTimeoutMs: 0 });
  try {
    await sql.unsafe(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await sql`select pg_advisory_lock(${LOCK_KEY})`;
    await migrate(drizzle(sql), { migrationsFolder, migrationsTable: "spillway_migrations" });
    await sql`select pg_advisory_unlock(${LOCK_KEY})`;
  } finally {
    await sql.end({ timeout: 5 });
  }
};
