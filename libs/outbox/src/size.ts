import type { OutboxSize } from "@spillway/event";
import { type Database, orUnavailable } from "@spillway/postgres";

/**
 * Pages (of 8 KiB) that a sum reads at most. Up to here it is exact: rows of large chunks take 70 bytes in a page, of
 * small ones their whole length. Above, a random sample of about as many pages is scaled up: unbiased, since pages that
 * were emptied are sampled as well, and off by a few per cent.
 */
export const PAGES_MAX = 1_000;

type Row = { readonly events: number; readonly bytes: number; readonly oldest: number | null };

/**
 * How much waits, at the same cost for a hundred rows and ten million. Counters kept by the inserts would make
 * transactions of applications wait for each other. Locks: ACCESS SHARE.
 */
export const outboxSize = async (database: Database, deadlineMs: number): Promise<OutboxSize> => {
  const [row] = await orUnavailable(
    database.run(
      deadlineMs,
      (sql) => sql<Row[]>`
        with sampled as (
          select least(1, ${PAGES_MAX}::float8 / greatest(1, pg_relation_size('outbox') / 8192)) as share
        ), total as (
          select coalesce(sum(events), 0)::float8 as events, coalesce(sum(bytes), 0)::float8 as bytes
          from outbox tablesample system (100 * (select share from sampled))
        )
        select round(events / share) as events, round(bytes / share) as bytes,
          (select extract(epoch from created_at)::float8 * 1000 from outbox order by id limit 1) as oldest
        from total, sampled`,
    ),
  );
  if (row === undefined) throw new Error("an aggregate answers one row");
  return { events: row.events, bytes: row.bytes, oldestAtMs: row.oldest };
};
