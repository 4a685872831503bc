import { Database, SQLiteError } from "bun:sqlite";
import { rm } from "node:fs/promises";
import { type PidRecord, readPidRecord, writePidRecord } from "./pid-record.ts";

/** Held by one process at a time; a dead holder holds nothing. */
export type Lock = {
  release(): Promise<void>;
};

export type LockAttempt =
  | { readonly kind: "held"; readonly lock: Lock }
  /** `by` is absent for the moment between another's taking it and its writing its name. */
  | { readonly kind: "taken"; readonly by: PidRecord | undefined };

// A database that nothing refers to any more is closed by the garbage collector, and its lock is gone (seen).
const held = new Set<Database>();

/**
 * Takes the lock for this process, or says who holds it. The kernel's own file lock, through SQLite, since neither Bun
 * nor Node has flock(2): it ends with its process. Lock files that a successor takes for left over and removes let two through
 * (measured: three of sixteen at once).
 */
export const takeLock = async (file: string): Promise<LockAttempt> => {
  const database = new Database(`${file}.sqlite`);
  try {
    database.run("begin exclusive");
  } catch (error) {
    database.close();
    if (!(error instanceof SQLiteError) || error.code !== "SQLITE_BUSY") throw error;
    return { kind: "taken", by: await readPidRecord(file) };
  }
  held.add(database);
  await writePidRecord(file, process.pid);
  const release = async () => {
    await rm(file, { force: true });
    held.delete(database);
    database.close();
  };
  return { kind: "held", lock: { release } };
};
