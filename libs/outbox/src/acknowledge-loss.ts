import { ask, type Database, durableCommit } from "@spillway/postgres";
import type { Sql } from "postgres";

/**
 * What is told as lost now is known to an operator, and is told no more; what is lost from then on is, also of the same
 * writers. One statement. Locks: the rows of the shards and writers that lost something, until it is over.
 */
const acknowledge = (sql: Sql, actor: string) => sql<{ events: string }[]>`
  with found as (
    select shard, unaccounted from shard_checkpoints where unaccounted > 0 order by shard for update
  ), forgiven as (
    update shard_writers set forgiven = forgiven + lost, lost = '{}'
    where lost <> '{}' and shard in (select shard from found)
  ), noted as (
    insert into loss_acknowledgements (shard, events, actor) select shard, unaccounted, ${actor} from found
  ), cleared as (
    update shard_checkpoints set unaccounted = 0, folded = 0 where shard in (select shard from found)
  )
  select coalesce(sum(unaccounted), 0) as events, ${sql.unsafe(durableCommit)} from found`;

/** Answers how many events that were. Rejects with `Unavailable`. */
export const acknowledgeLoss = async (database: Database, actor: string, deadlineMs: number): Promise<number> => {
  const [row] = await ask(database, deadlineMs, (sql) => acknowledge(sql, actor));
  return Number(row?.events ?? 0);
};
