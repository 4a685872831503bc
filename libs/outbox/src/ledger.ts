import { type Ledger, type ShardCounts, Unavailable } from "@spillway/event";
import { ask, type Database, STATEMENT_MS } from "@spillway/postgres";
import type { Sql } from "postgres";

type Copy = ShardCounts & { readonly shard: number; readonly token: number; readonly sequence: number };

/**
 * Another epoch: all that was pending in the last copy is gone. Fewer accepted in the same epoch (a lagging replica was
 * promoted, or the end of the AOF was lost): the difference is gone, at most what was pending. Less relayed, dead or parked
 * only: how much is gone cannot be told, so all that was pending counts. A copy that is behind the last one finds no row
 * to update and gets what is kept. Locks: the shard's row, until the statement is over.
 */
const writeCopy = (sql: Sql, copy: Copy) => sql<{ unaccounted: string; token: string; late: boolean }[]>`
  with written as (
    insert into shard_checkpoints as last
      (shard, token, sequence, epoch, accepted, duplicate, relayed, dead, parked, backlog_bytes, unaccounted)
    values (${copy.shard}, ${copy.token}, ${copy.sequence}, ${copy.epoch}, ${copy.accepted}, ${copy.duplicate},
      ${copy.relayed}, ${copy.dead}, ${copy.parked}, ${copy.backlogBytes}, 0)
    on conflict (shard) do update set
      token = excluded.token, sequence = excluded.sequence, epoch = excluded.epoch,
      accepted = excluded.accepted, duplicate = excluded.duplicate, relayed = excluded.relayed, dead = excluded.dead,
      parked = excluded.parked, backlog_bytes = excluded.backlog_bytes, updated_at = now(),
      unaccounted = last.unaccounted + case
        when excluded.epoch is distinct from last.epoch then last.accepted - last.relayed - last.dead - last.parked
        when excluded.accepted < last.accepted then
          least(last.accepted - excluded.accepted, last.accepted - last.relayed - last.dead - last.parked)
        when excluded.relayed < last.relayed or excluded.dead < last.dead or excluded.parked < last.parked then
          last.accepted - last.relayed - last.dead - last.parked
        else 0 end
    where (excluded.token, excluded.sequence) > (last.token, last.sequence)
    returning last.unaccounted, last.token
  )
  select unaccounted, token, false as late from written
  union all
  select unaccounted, token, true from shard_checkpoints where shard = ${copy.shard} and not exists (select from written)`;

/** One row per shard. */
export const createLedger = ({ database }: { readonly database: Database }): Ledger => ({
  checkpoint: async ({ shard, token }, sequence, counts) => {
    const [row] = await ask(database, STATEMENT_MS, (sql) => writeCopy(sql, { ...counts, shard, token, sequence }));
    if (row === undefined) throw new Unavailable("odd_reply");
    return { unaccounted: Number(row.unaccounted), token: Number(row.token), late: row.late };
  },
});
