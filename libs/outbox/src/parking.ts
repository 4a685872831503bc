import type { parkedEvents } from "@spillway/drizzle/schema";
import {
  type Lease,
  type ParkedEvent,
  type ParkedPlace,
  type ParkedPut,
  type ParkedRow,
  type ParkedTopic,
  type Parking,
  type ParkingLimits,
  placeOf,
  type Total,
  type Writing,
} from "@spillway/event";
import { arrayOf, ask, type Database, durableCommit, WRITE_MS } from "@spillway/postgres";
import type { Sql } from "postgres";
import { parkedColumns } from "./parked-columns.ts";

export type ParkingOptions = {
  readonly database: Database;
  /** Chunk bytes that one read answers at most, though always one row. Default 4 MiB. */
  readonly bytesMax?: number;
};

/**
 * The row of a topic is the owner's whose token is the largest. Locks: the row, until the commit; so it waits for a
 * `put` or `remove` of a former owner, and sees what that did.
 */
const openTopic = (sql: Sql, { shard, token }: Lease, topic: string, code: string | null) => sql`
  insert into parking as last (shard, topic, token, code)
  values (${shard}, ${topic}, ${token}, coalesce(${code}::text, 'unknown'))
  on conflict (shard, topic) do update set token = excluded.token,
    since = case when last.events > 0 or ${code}::text is null then last.since else excluded.since end,
    code = case when last.events > 0 then last.code else coalesce(${code}::text, last.code) end
  where last.token <= excluded.token
  returning ${sql.unsafe(durableCommit)}`;

type Standing = {
  readonly ref: string;
  readonly index: number;
  readonly putBy: string | null;
  readonly number: number;
};
type Put = {
  readonly hasRoom: boolean;
  readonly isCounted: boolean;
  readonly first: string | null;
  readonly duplicates: readonly Standing[];
};

/**
 * Nothing when the row is another owner's, or when Postgres has not had so many events of the writer: it went back. A duplicate is
 * written as it stands, since only so it is seen when it was put while this statement waited. Locks: the topic's row first, FOR UPDATE, so that
 * `open` of the next owner is either before it, and it puts nothing, or after its commit; then the writer's, and those of duplicates.
 */
const putEvents = (
  sql: Sql,
  { shard, token }: Lease,
  topic: string,
  events: readonly ParkedEvent[],
  { eventsMax, bytesMax }: ParkingLimits,
  { writer, floor }: Writing,
) => sql<Put[]>`
  with ours as materialized (
    select from parking where shard = ${shard} and topic = ${topic} and token = ${token} for update
  ), room as materialized (
    select coalesce(sum(events), 0) < ${eventsMax} and coalesce(sum(bytes), 0) < ${bytesMax} as has_room
    from parking where topic = ${topic}
  ), counted as (
    insert into shard_writers as known (shard, writer, had)
    select ${shard}, ${writer}, ${floor + events.length} from ours, room where has_room and ${floor} = coalesce(
      (select had from shard_writers where shard = ${shard} and writer = ${writer}), 0)
    on conflict (shard, writer) do update set had = excluded.had, seen_at = now()
    returning shard
  ), stands as (
    insert into parked_events as known (shard, topic, ref, index, chunk, put_by, number, dedup_key)
    select ${shard}, ${topic}, ref, index, decode(chunk, 'hex'), ${writer}, ${floor} + position - 1, dedup_key
    from counted, unnest(${arrayOf(events.map(({ ref }) => ref))}::text[],
      ${arrayOf(events.map(({ index }) => index))}::int[],
      ${arrayOf(events.map(({ chunk }) => Buffer.from(chunk).toString("hex")))}::text[],
      ${arrayOf(events.map(({ dedupKey }) => dedupKey ?? null))}::text[]) with ordinality as event (ref, index, chunk, dedup_key, position)
    order by position
    on conflict (shard, ref, index) do update set ref = known.ref
    returning id, ref, index, put_by, number, octet_length(chunk) as bytes
  ), added as (
    select bytes from stands where put_by = ${writer} and number >= ${floor}
  )
  update parking set
    events = events + (select count(*) from added), bytes = bytes + (select coalesce(sum(added.bytes), 0) from added)
  where shard = ${shard} and topic = ${topic} and exists (select from ours)
  returning (select has_room from room) as "hasRoom", exists (select from counted) as "isCounted", (select min(id) from stands) as first, (
    select coalesce(json_agg(json_build_object('ref', ref, 'index', index, 'putBy', put_by, 'number', number)), '[]'::json)
    from stands where put_by is distinct from ${writer} or number < ${floor}
  ) as duplicates, ${sql.unsafe(durableCommit)}`;

const putOf = (row: Put | undefined, events: readonly ParkedEvent[], { writer, floor }: Writing): ParkedPut => {
  if (row === undefined) return { kind: "fenced" };
  if (!row.hasRoom) return { kind: "full" };
  if (!row.isCounted) return { kind: "behind" };
  const at = new Map(events.map((event, i) => [placeOf(event), i]));
  const totals = new Map<string, number>([[writer, floor + events.length]]);
  for (const { putBy, number } of row.duplicates)
    if (putBy !== null) totals.set(putBy, Math.max(totals.get(putBy) ?? 0, number + 1));
  const duplicates = row.duplicates.flatMap((one) => at.get(placeOf(one)) ?? []).toSorted((a, b) => a - b);
  return { kind: "ok", first: row.first, totals: [...totals] satisfies Total[], duplicates };
};

type StoredRow = Pick<typeof parkedEvents.$inferSelect, "ref" | "index" | "chunk"> & {
  readonly id: string;
  readonly put_by: string | null;
  readonly number: string | null;
};

const rowOf = ({ put_by, number, ...row }: StoredRow): ParkedRow => ({
  ...row,
  from: put_by === null ? null : { writer: put_by, number: Number(number) },
});

/** The running sum is taken before the chunks are fetched. Locks: ACCESS SHARE. */
const oldestEvents = (
  sql: Sql,
  shard: number,
  topic: string,
  after: string,
  limits: { readonly rowsMax: number; readonly bytesMax: number },
) => sql<StoredRow[]>`
  select id, ref, index, chunk, put_by, number from (
    select *, sum(octet_length(chunk)) over (order by id) - octet_length(chunk) as bytes_before from (
      select id, ref, index, chunk, put_by, number from parked_events
      where shard = ${shard} and topic = ${topic} and id > ${after} order by id limit ${limits.rowsMax}
    ) as oldest
  ) as summed where bytes_before < ${limits.bytesMax} order by id`;

/**
 * Exactly these events, and not what has their ids: a Postgres that went back gives those once more, to events that nobody has published.
 * Of a repeat none are left, and nothing is counted. Each is looked for by its place and by nothing else: in a table of which there are no
 * statistics yet the index of the topic looked as good, and each removal compared each row of it with each place (26,000 rows, of which none
 * came out, since it took longer than two seconds). Locks: their rows and the topic's.
 */
const removeEvents = (
  sql: Sql,
  shard: number,
  topic: string,
  relayed: readonly ParkedPlace[],
  dead: readonly ParkedPlace[],
) => {
  const all = [...relayed, ...dead];
  return sql`
  with found as (
    select one.id, is_dead from unnest(${arrayOf(all.map(({ ref }) => ref))}::text[],
      ${arrayOf(all.map(({ index }) => index))}::int[],
      ${arrayOf(all.map((_, i) => String(i >= relayed.length)))}::bool[]) as named (ref, index, is_dead)
    cross join lateral (
      select id, topic from parked_events where shard = ${shard} and ref = named.ref and index = named.index limit 1
    ) as one where one.topic = ${topic}
  ), gone as (
    delete from parked_events using found where parked_events.id = found.id
    returning is_dead, octet_length(chunk) as bytes
  )
  update parking set
    events = events - (select count(*) from gone), bytes = bytes - (select coalesce(sum(gone.bytes), 0) from gone),
    died = died + (select count(*) from gone where is_dead)
  where shard = ${shard} and topic = ${topic}`;
};

/** Locks: ACCESS SHARE. */
const topicsOf = (sql: Sql, shards: readonly number[]) => sql<ParkedTopic[]>`
  select ${sql.unsafe(parkedColumns)} from parking where shard = any(${arrayOf(shards)}::int[]) order by shard, topic`;

/** Two tables: what waits, and of each topic of a shard who may put and how much waits. */
export const createParking = ({ database, bytesMax = 4 * 1024 * 1024 }: ParkingOptions): Parking => ({
  open: async (lease, topic, why) => {
    const rows = await ask(database, WRITE_MS, (sql) => openTopic(sql, lease, topic, why?.code ?? null));
    return rows.length > 0 ? "ok" : "fenced";
  },
  put: async (lease, topic, events, limits, by) => {
    const [row] = await ask(database, WRITE_MS, (sql) => putEvents(sql, lease, topic, events, limits, by));
    return putOf(row, events, by);
  },
  oldest: async (shard, topic, after, rowsMax) => {
    const rows = await ask(database, WRITE_MS, (sql) => oldestEvents(sql, shard, topic, after, { rowsMax, bytesMax }));
    return rows.map(rowOf);
  },
  remove: async (shard, topic, { relayed, dead }) => {
    await ask(database, WRITE_MS, (sql) => removeEvents(sql, shard, topic, relayed, dead));
  },
  topics: async (shards) => {
    const rows = await ask(database, WRITE_MS, (sql) => topicsOf(sql, shards));
    return rows.map((row) => ({ ...row }));
  },
});
