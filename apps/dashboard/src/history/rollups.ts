import { ask, type Database, epochMs } from "@spillway/postgres";
import type { Sql } from "../sql.ts";

/** What one look counted. */
export type FlowSample = {
  /** Of all time: events that came in, that ended in Kafka or as dead letters, and requests that were told to come again. */
  readonly accepted: number;
  readonly ended: number;
  readonly refused: number;
  readonly waiting: number;
  readonly oldestMs: number;
};

export type FlowSpan = FlowSample & { readonly spanSeconds: number; readonly atMs: number };

/** Spans of time in seconds, and for how long they are kept: at most 120 and 300 rows, however many dashboards write. */
export const flowSpans = {
  minutes: { seconds: 10, keptSeconds: 1_200 },
  day: { seconds: 300, keptSeconds: 90_000 },
} as const;

/**
 * Writes a sample into the running span of each length: the last count of it, and the most of what waits. Several dashboards see the
 * same counts, so the same rows serve all. Locks: those two rows, and the ones too old, until the statement is over.
 */
const write = (sql: Sql, sample: FlowSample) => sql`
  with lengths (seconds, kept) as (
    values (${flowSpans.minutes.seconds}::int, ${flowSpans.minutes.keptSeconds}::int), (${flowSpans.day.seconds}::int, ${flowSpans.day.keptSeconds}::int)
  ), gone as (
    delete from flow_history using lengths
    where span_seconds = seconds and at < now() - make_interval(secs => kept)
  )
  insert into flow_history as last (span_seconds, at, accepted, ended, refused, waiting, oldest_ms)
  select seconds, to_timestamp(floor(extract(epoch from now()) / seconds) * seconds), ${sample.accepted}, ${sample.ended},
    ${sample.refused}, ${sample.waiting}, ${Math.round(sample.oldestMs)}
  from lengths
  on conflict (span_seconds, at) do update set accepted = excluded.accepted, ended = excluded.ended,
    refused = excluded.refused, waiting = greatest(last.waiting, excluded.waiting),
    oldest_ms = greatest(last.oldest_ms, excluded.oldest_ms)`;

/** Oldest first. Locks: ACCESS SHARE. */
const readAll = (sql: Sql) => sql<FlowSpan[]>`
  select span_seconds as "spanSeconds", ${sql.unsafe(epochMs("at"))} as "atMs", accepted::float8, ended::float8,
    refused::float8, waiting::float8, oldest_ms::float8 as "oldestMs"
  from flow_history order by at`;

/** What the dashboards saw, kept for a day. Everything rejects with `Unavailable`. */
export const createFlowHistory = ({ database }: { readonly database: Database }) => ({
  write: async (sample: FlowSample, deadlineMs: number): Promise<void> =>
    void (await ask(database, deadlineMs, (sql) => write(sql, sample))),
  read: async (deadlineMs: number): Promise<readonly FlowSpan[]> => [...(await ask(database, deadlineMs, readAll))],
});

export type FlowHistory = ReturnType<typeof createFlowHistory>;
