import { arrayOf, ask, type Database, durableCommit, epochMs, STATEMENT_MS, WRITE_MS } from "@spillway/postgres";
import type { Sql } from "postgres";
import {
  DEATHS_COUNTED_MAX,
  type Job,
  type JobCounts,
  type JobHold,
  type JobMove,
  type JobOrder,
  MOVES,
  type OpenJob,
  type Skips,
} from "./job.ts";
import { isLetterId } from "./letter.ts";

const LEASE = "interval '10 seconds'";
const JOBS_MAX = 50;

const columns = `id, kind, state, filter, undoes, actor, address, reason, planned, rate, deaths_max as "deathsMax", cursor, skipped,
  runner, ${epochMs("drained_at")} as "drainedAtMs", ${epochMs("created_at")} as "createdAtMs", ${epochMs("ended_at")} as "endedAtMs"`;

/** Changes nothing of one that there is. Locks: the row of the key, until the statement is over. */
const insertJob = (sql: Sql, order: JobOrder) => sql<{ id: string; isNew: boolean }[]>`
  insert into dead_letter_jobs as job (order_key, kind, filter, undoes, actor, address, reason, planned, rate, deaths_max)
  values (${order.key}, ${order.kind}, ${JSON.stringify(order.filter)}::text::jsonb, ${order.undoes}, ${order.actor},
    ${order.address}, ${order.reason}, ${order.planned}, ${order.rate}, ${order.deathsMax})
  on conflict (order_key) do update set order_key = job.order_key
  returning id, xmax = 0 as "isNew", ${sql.unsafe(durableCommit)}`;

/** Locks: ACCESS SHARE. */
const selectJobs = (sql: Sql, before: string | null) => sql<Job[]>`
  select ${sql.unsafe(columns)} from dead_letter_jobs ${before === null ? sql`` : sql`where id < ${before}`}
  order by id desc limit ${JOBS_MAX + 1}`;

/** Locks: ACCESS SHARE. */
const selectJob = (sql: Sql, id: string) =>
  sql<Job[]>`select ${sql.unsafe(columns)} from dead_letter_jobs where id = ${id}`;

/**
 * The oldest job that decides letters, else the oldest that only waits for its events to arrive, for this runner, unless another
 * has a lease. Locks: that job's row, until the statement is over, so that of two runners one is told.
 */
const takeJob = (sql: Sql, runner: string) => sql<Job[]>`
  update dead_letter_jobs set runner = ${runner}, lease_until = now() + ${sql.unsafe(LEASE)}
  where id = (
    select id from dead_letter_jobs where state in ('running', 'arriving') order by state = 'arriving', id limit 1 for update
  ) and state in ('running', 'arriving') and (runner = ${runner} or lease_until is null or lease_until < now())
  returning ${sql.unsafe(columns)}`;

/** Notes how far a job is, and renews its lease. Locks: its row. */
const advanceJob = (sql: Sql, { id, runner }: JobHold, cursor: string, skipped: Skips) => sql`
  update dead_letter_jobs set cursor = ${cursor}, skipped = ${JSON.stringify(skipped)}::text::jsonb,
    lease_until = now() + ${sql.unsafe(LEASE)}
  where id = ${id} and runner = ${runner} and state = 'running'
  returning id, ${sql.unsafe(durableCommit)}`;

/** Locks: the job's row; waits for a statement that decides letters for it, and nothing is decided for it once this is answered. */
const moveJob = (sql: Sql, id: string, { from, to }: (typeof MOVES)[JobMove]) => sql`
  update dead_letter_jobs set state = ${to}, lease_until = null,
    ended_at = case when ${to} in ('done', 'cancelled') then now() end
  where id = ${id} and state = any(${arrayOf(from)}::text[])
  returning id, ${sql.unsafe(durableCommit)}`;

/** Locks: the job's row. */
const markDrained = (sql: Sql, id: string) => sql`
  update dead_letter_jobs set drained_at = now() where id = ${id} and drained_at is null returning id`;

/** Letters that a job discarded, after one. Locks: ACCESS SHARE. */
const discardedBy = (sql: Sql, job: string, after: string, rows: number) => sql<{ id: string }[]>`
  select letter as id from dead_letter_actions where job = ${job} and letter > ${after} and action = 'discard'
  order by letter limit ${rows}`;

/**
 * What a job decided, and how many of the events that it replayed died again: letters that came since with the next life of one of
 * its letters. Locks: ACCESS SHARE.
 */
const countJob = (sql: Sql, id: string) => sql<JobCounts[]>`
  select (select count(*)::int from dead_letter_actions where job = ${id}) as decided, (select count(*)::int from (
    select from dead_letters as again
    where again.created_at >= (select created_at from dead_letter_jobs where id = ${id}) and again.replay > 0 and exists (
      select from dead_letters as before join dead_letter_actions as done on done.letter = before.id
      where done.job = ${id} and done.action = 'replay'
        and before.dedup_key = again.dedup_key and before.replay = again.replay - 1
    ) limit ${DEATHS_COUNTED_MAX}
  ) as deaths) as died`;

/** Whether the outbox holds nothing that was there at a job's last decision. Locks: ACCESS SHARE. */
const isDrained = (sql: Sql, id: string) => sql<{ drained: boolean }[]>`
  select not exists (
    select from outbox where created_at <= (select max(created_at) from dead_letter_actions where job = ${id})
  ) as drained`;

/**
 * Whether events of a topic that a job's letters were for are parked: its own may be among them. Asked of the counters, which are a row a
 * topic and shard; no index of `parked_events` begins with the topic. Locks: ACCESS SHARE.
 */
const isParked = (sql: Sql, id: string) => sql<{ parked: boolean }[]>`
  select exists (
    select from parking where events > 0 and topic in (
      select distinct topic from dead_letters join dead_letter_actions on letter = dead_letters.id where job = ${id}
    )
  ) as parked`;

/** Those that are not over, the oldest first. Locks: ACCESS SHARE. */
const openJobs = (sql: Sql) => sql<OpenJob[]>`
  select id, state from dead_letter_jobs where state not in ('done', 'cancelled') order by id limit ${JOBS_MAX}`;

/** Jobs over many letters, and the lease of their one runner. Everything rejects with `Unavailable`; repeating is safe. */
export const createLetterJobs = ({ database }: { readonly database: Database }) => {
  const read = <T>(query: (sql: Sql) => PromiseLike<T>): Promise<T> => ask(database, STATEMENT_MS, query);
  const write = <T>(query: (sql: Sql) => PromiseLike<T>): Promise<T> => ask(database, WRITE_MS, query);
  const one = async (id: string): Promise<Job | null> =>
    isLetterId(id) ? ((await read((sql) => selectJob(sql, id)))[0] ?? null) : null;

  return {
    /** Of two orders of one key the second makes no job: both answer the one. */
    create: async (order: JobOrder): Promise<{ readonly id: string; readonly isNew: boolean }> => {
      const [row] = await write((sql) => insertJob(sql, order));
      if (row === undefined) throw new Error("an insert answers its row");
      return { id: row.id, isNew: row.isNew };
    },
    get: one,
    /** Newest first; `older` is the id before which the next page is. */
    page: async (before: string | null): Promise<{ readonly jobs: readonly Job[]; readonly older: string | null }> => {
      const rows = await read((sql) => selectJobs(sql, before !== null && isLetterId(before) ? before : null));
      const jobs = rows.slice(0, JOBS_MAX);
      return { jobs, older: rows.length > JOBS_MAX ? (jobs.at(-1)?.id ?? null) : null };
    },
    open: (): Promise<readonly OpenJob[]> => read(openJobs),
    counts: async (id: string): Promise<JobCounts> => {
      const [row] = await read((sql) => countJob(sql, id));
      return row ?? { decided: 0, died: 0 };
    },
    /** False: its state does not allow it any more. */
    move: async (id: string, move: JobMove): Promise<boolean> => {
      const rows = await write((sql) => moveJob(sql, id, MOVES[move]));
      return rows.length > 0;
    },
    /** Null: there is nothing to run, or another runner runs it. */
    take: async (runner: string): Promise<Job | null> => (await write((sql) => takeJob(sql, runner)))[0] ?? null,
    /** False: the job is not running any more, or is another's. */
    advance: async (hold: JobHold, cursor: string, skipped: Skips): Promise<boolean> =>
      (await write((sql) => advanceJob(sql, hold, cursor, skipped))).length > 0,
    discardedBy: async (job: string, after: string, rowsMax: number): Promise<readonly string[]> =>
      (await read((sql) => discardedBy(sql, job, after, rowsMax))).map(({ id }) => id),
    /** Notes when its events had left the outbox; whether they have. */
    drained: async (id: string): Promise<boolean> => {
      const [row] = await read((sql) => isDrained(sql, id));
      if (row?.drained !== true) return false;
      await write((sql) => markDrained(sql, id));
      return true;
    },
    /** Whether events of its letters' topics are parked. */
    parked: async (id: string): Promise<boolean> => (await read((sql) => isParked(sql, id)))[0]?.parked ?? true,
  };
};

export type LetterJobs = ReturnType<typeof createLetterJobs>;
