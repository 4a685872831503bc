import { Unavailable } from "@spillway/event";
import type { Sql } from "postgres";
import { type Database, DatabaseFailure } from "./database.ts";

/** For whoever waits for a statement that may wait for locks and for the disk. */
export const WRITE_MS = 5_000;

/** Runs one statement as a port promises it: what fails, fails with `Unavailable`. The codes are those of failure.ts. */
export const ask = async <T>(
  database: Database,
  deadlineMs: number,
  query: (sql: Sql) => PromiseLike<T>,
): Promise<T> => {
  try {
    return await database.run(deadlineMs, query);
  } catch (error) {
    throw error instanceof DatabaseFailure ? new Unavailable(error.code) : error;
  }
};
