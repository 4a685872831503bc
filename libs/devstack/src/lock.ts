import { Database, SQLiteError } from "bun:sqlite";

/** Held by one process at a time; a dead owner holds nothing. */
export type Lock = { release(): void };

// A database that nothing refers to any more is closed by the garbage collector, and its lock is gone (seen).
const held = new Set<Database>();

/**
 * Takes the lock for this process; undefined while another one holds it. The kernel's own file lock, through SQLite, since
 * neither Bun nor Node has flock(2): it ends with its process. Lock files that a successor takes for left over and removes
 * let two through (measured: three of sixteen at once).
 */
export const takeLock = (file: string): Lock | undefined => {
  const database = new Database(`${file}.sqlite`);
  try {
    database.run("begin exclusive");
  } catch (error) {
    database.close();
    if (!(error instanceof SQLiteError) || error.code !== "SQLITE_BUSY") throw error;
    return undefined;
  }
  held.add(database);
  return {
    release: () => {
      held.delete(database);
      database.close();
    },
  };
};
