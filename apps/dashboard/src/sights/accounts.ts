import { ask, type Database } from "@spillway/postgres";
import type { Sql } from "../sql.ts";

/** What the ledger says: events that Redis or Postgres lost, and how old the oldest copy of a shard's counters is (null: there is none). */
export type Accounts = {
  readonly unaccounted: number;
  /** Of edges that died with Redis: what they may have acknowledged besides. */
  readonly possible: number;
  readonly checkpointAgeMs: number | null;
};

/** Locks: ACCESS SHARE. */
const accountsOf = (sql: Sql) => sql<Accounts[]>`
  select coalesce(sum(unaccounted), 0)::float8 as unaccounted, coalesce(sum(possible), 0)::float8 as possible,
    greatest(0, extract(epoch from now() - min(updated_at)) * 1000)::float8 as "checkpointAgeMs" from shard_checkpoints`;

/** Of all shards together. Rejects with `Unavailable`. */
export const askAccounts = async (database: Database, deadlineMs: number): Promise<Accounts> => {
  const [sum] = await ask(database, deadlineMs, accountsOf);
  if (sum === undefined) throw new Error("an aggregate answers one row");
  return sum;
};
