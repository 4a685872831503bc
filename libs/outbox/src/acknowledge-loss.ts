import { ask, type Database, durableCommit } from "@spillway/postgres";
import type { Sql } from "postgres";

/**
 * What is told as lost now, or as possibly lost, is known to an operator, and is told no more; what is lost from then on is, also of the same
 * writers. One statement. Locks: the rows of the shards and writers that lost something, until it is over.
 */
const acknowledge = (sql: Sql, actor: string) => sql<{ events: string }[]>`
  with found as (
    select shard, unaccounted + possible as events from shard_checkpoints where unaccounted > 0 or possible > 0 order by shard for update
  ), forgiven as (
    update shard_writers set forgiven = forgiven + lost + possible, lost = '{}', possible = '{}'
    where (lost <> '{}' or possible <> '{}') and shard in (select shard from found)
  ), noted as (
    insert into loss_acknowledgements (shard, events, actor) select shard, events, ${actor} from found
  ), cleared as (
    update shard_checkpoints set unaccounted = 0, folded = 0, possible = 0 where shard in (select shard from found)
  )
  select coalesce(sum(events), 0) as events, ${sql.unsafe(durableCommit)} from found`;

/** Answers how many events that were. Rejects with `Unavailable`. */
export const acknowledgeLoss = async (database: Database, actor: string, deadlineMs: number): Promise<number> => {
  const [row] = await ask(database, deadlineMs, (sql) => acknowledge(sql, actor));
  return Number(row?.events ?? 0);
};
