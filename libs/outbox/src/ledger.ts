import {
  answersClients,
  type Folded,
  type Judged,
  type Ledger,
  type Loss,
  lostOf,
  type ShardCounts,
  Unavailable,
  type WriterRow,
} from "@spillway/event";
import { arrayOf, ask, type Database, epochMs, STATEMENT_MS } from "@spillway/postgres";
import type { Sql } from "postgres";
import { createAccounts } from "./accounts.ts";
import { multirangeOf, rangesOf } from "./multirange.ts";

type Copy = ShardCounts & {
  readonly shard: number;
  readonly token: number;
  readonly sequence: number;
  readonly losses: readonly Loss[] | null;
  readonly possible: readonly Loss[];
};

type StoredRow = Omit<WriterRow, "ended" | "forgiven"> & { ended: string; forgiven: string };
type Standing = { token: string; late: boolean; folded: string; writers: StoredRow[] };

const idleMs = `(${epochMs("now()")} - ${epochMs("seen_at")})`;

/** Those that are looked at: not what has retired, of which there may be thousands, unless the shard has totals of it. */
const countedRows = (sql: Sql, shard: number, totals: ShardCounts["totals"]) =>
  sql`shard = ${shard} and (retired_at is null or writer = any(${arrayOf(totals.map(([writer]) => writer))}::text[]))`;

/** What the copy says of each writer that has a row: one row each, since a statement that changes a row twice does one of both. */
const foundRows = (sql: Sql, { shard, totals, losses, possible }: Copy) => {
  const pairs = (of: readonly Loss[]) => sql`unnest(${arrayOf(of.map(({ writer }) => writer))}::text[],
    ${arrayOf(of.map(({ events }) => multirangeOf(events)))}::int8multirange[])`;
  return sql`
    select writer, coalesce(total, 0) as in_redis, coalesce(lost.events, '{}') as lost, coalesce(possible.events, '{}') as possible
    from (select writer from shard_writers where ${countedRows(sql, shard, totals)}) as rows
    left join unnest(${arrayOf(totals.map(([writer]) => writer))}::text[],
      ${arrayOf(totals.map(([, total]) => total))}::bigint[]) as told (writer, total) using (writer)
    left join ${pairs(losses ?? [])} as lost (writer, events) using (writer)
    left join ${pairs(possible)} as possible (writer, events) using (writer)`;
};

/**
 * Of edges that have told nothing yet, and may have answered clients: what they take with them may be lost. In the order of the rows. Locks:
 * the rows that are new, until the statement is over.
 */
const unheardRows = (sql: Sql, { shard, totals }: Copy) => {
  const edges = totals.filter(([writer]) => answersClients(writer));
  return sql`
    insert into shard_writers (shard, writer, in_redis)
    select ${shard}::int, writer, total from unnest(${arrayOf(edges.map(([writer]) => writer))}::text[],
      ${arrayOf(edges.map(([, total]) => total))}::bigint[]) as told (writer, total)
    where exists (select from written)
      and not exists (select from shard_writers as known where known.shard = ${shard} and known.writer = told.writer)
    order by writer on conflict do nothing`;
};

/**
 * A copy that is behind the last one finds no row to update and gets what is kept. What each writer lost stands in its row,
 * so that an operator's word goes for that, and no further. The answer's rows are those from before the statement. Locks: the
 * shard's row, and those of writers of which something else is known now, until the statement is over.
 */
const writeCopy = (sql: Sql, copy: Copy) => {
  const losses = copy.losses ?? [];
  const found = foundRows(sql, copy);
  return sql<Standing[]>`
  with written as (
    insert into shard_checkpoints as last
      (shard, token, sequence, epoch, accepted, duplicate, relayed, dead, parked, backlog_bytes, unaccounted, possible)
    values (${copy.shard}, ${copy.token}, ${copy.sequence}, ${copy.epoch}, ${copy.accepted}, ${copy.duplicate},
      ${copy.relayed}, ${copy.dead}, ${copy.parked}, ${copy.backlogBytes}, ${lostOf(losses)}, ${lostOf(copy.possible)})
    on conflict (shard) do update set
      token = excluded.token, sequence = excluded.sequence, epoch = excluded.epoch,
      accepted = excluded.accepted, duplicate = excluded.duplicate, relayed = excluded.relayed, dead = excluded.dead,
      parked = excluded.parked, backlog_bytes = excluded.backlog_bytes, updated_at = now(),
      unaccounted = case when ${copy.losses === null} then last.unaccounted
        else last.folded + excluded.unaccounted end,
      possible = case when ${copy.losses === null} then last.possible else excluded.possible end
    where (excluded.token, excluded.sequence) > (last.token, last.sequence)
    returning last.token, last.folded
  ), found as (${found}
  ), noted as (
    update shard_writers as known set in_redis = greatest(known.in_redis, found.in_redis),
      lost = case when ${copy.losses === null} then known.lost else found.lost end,
      possible = case when ${copy.losses === null} then known.possible else found.possible end
    from found where known.shard = ${copy.shard} and known.writer = found.writer and exists (select from written)
      and (known.in_redis < found.in_redis
        or ${copy.losses !== null} and (known.lost, known.possible) <> (found.lost, found.possible))
  ), unheard as (${unheardRows(sql, copy)}
  ), standing as (
    select token, false as late, folded from written
    union all
    select token, true, folded from shard_checkpoints
    where shard = ${copy.shard} and not exists (select from written)
  )
  select token, late, folded, (
    select coalesce(json_agg(json_build_object('writer', writer, 'acknowledged', acknowledged, 'had', had, 'ended', ended, 'inRedis', in_redis,
      'forgiven', forgiven, 'givenUp', given_up,
      'idleMs', ${sql.unsafe(idleMs)})), '[]'::json)
    from shard_writers where ${countedRows(sql, copy.shard, copy.totals)}
  ) as writers from standing`;
};

/** Only what is as it was when it was judged. */
const judgedRows = (sql: Sql, shard: number, rows: readonly (Judged & { readonly lost?: number })[]) => ({
  judged: sql`unnest(${arrayOf(rows.map(({ writer }) => writer))}::text[],
    ${arrayOf(rows.map(({ acknowledged }) => acknowledged))}::bigint[],
    ${arrayOf(rows.map(({ had }) => had))}::bigint[],
    ${arrayOf(rows.map(({ ended }) => multirangeOf(ended)))}::int8multirange[],
    ${arrayOf(rows.map(({ lost = 0 }) => lost))}::bigint[]) as judged (writer, acknowledged, had, ended, lost)`,
  isAsJudged: sql`shard = ${shard} and shard_writers.writer = judged.writer
    and shard_writers.acknowledged = judged.acknowledged and shard_writers.had = judged.had
    and shard_writers.ended = judged.ended`,
});

/** As long as who was answered before may tell so after. */
const RETIRED_FOR = "25 hours";

/** And deletes those that are so for long. Locks: the writers' rows, until the statement is over. */
const retireRows = (sql: Sql, shard: number, rows: readonly Judged[]) => {
  const { judged, isAsJudged } = judgedRows(sql, shard, rows);
  return sql`
    with retired as (update shard_writers set retired_at = now() from ${judged} where ${isAsJudged})
    delete from shard_writers where shard = ${shard} and retired_at < now() - ${RETIRED_FOR}::interval`;
};

/** Locks: the writers' rows and the shard's, until the statement is over. */
const foldRows = (sql: Sql, shard: number, rows: readonly Folded[]) => {
  const { judged, isAsJudged } = judgedRows(sql, shard, rows);
  return sql`
  with gone as (
    delete from shard_writers using ${judged} where ${isAsJudged} returning judged.lost
  )
  update shard_checkpoints set folded = folded + (select coalesce(sum(lost), 0) from gone) where shard = ${shard}`;
};

const rowOf = (row: StoredRow): WriterRow => ({
  ...row,
  ended: rangesOf(row.ended),
  forgiven: rangesOf(row.forgiven),
});

/** One row per shard, and one per shard and writer. */
export const createLedger = ({ database }: { readonly database: Database }): Ledger => ({
  ...createAccounts({ database }),
  checkpoint: async ({ shard, token }, sequence, { counts, losses, possible = [] }) => {
    const copy = { ...counts, shard, token, sequence, losses, possible };
    const [row] = await ask(database, STATEMENT_MS, (sql) => writeCopy(sql, copy));
    if (row === undefined) throw new Unavailable("odd_reply");
    return { token: Number(row.token), late: row.late, writers: row.writers.map(rowOf), folded: Number(row.folded) };
  },
  retire: async (shard, rows) => {
    await ask(database, STATEMENT_MS, (sql) => retireRows(sql, shard, rows));
  },
  fold: async (shard, rows) => {
    await ask(database, STATEMENT_MS, (sql) => foldRows(sql, shard, rows));
  },
});
