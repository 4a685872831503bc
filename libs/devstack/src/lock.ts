import { randomUUID } from "node:crypto";
import { link, rename, rm, writeFile } from "node:fs/promises";
import { isRunning, type PidRecord, readPidRecord, recordOf } from "./pid-record.ts";

/** Held by one process at a time; a dead holder holds nothing. */
export interface Lock {
  release(): Promise<void>;
}

export type LockAttempt = { readonly kind: "held"; readonly lock: Lock } | { readonly kind: "taken"; by: PidRecord };

const ATTEMPTS_MAX = 20;

/**
 * Takes the lock file for this process, or says who holds it. The file appears whole (written aside, then linked), and
 * a stale one is moved away before it is judged, so that of two processes that both find it stale only one removes it.
 */
export async function takeLock(file: string): Promise<LockAttempt> {
  const own = `${file}.${randomUUID()}`;
  await writeFile(own, JSON.stringify(await recordOf(process.pid)), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (await tryLink(own, file)) return { kind: "held", lock: { release: () => rm(file, { force: true }) } };
      const holder = await readPidRecord(file);
      if (holder && (await isRunning(holder))) return { kind: "taken", by: holder };
      await removeStale(file);
    }
    throw new Error(`${file} changes hands faster than it can be read`);
  } finally {
    await rm(own, { force: true });
  }
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function removeStale(file: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  // Between our reading and our renaming somebody may have removed the stale lock and taken a new one: put it back.
  if (await isRunning(await readPidRecord(aside))) await tryLink(aside, file);
  await rm(aside, { force: true });
}
