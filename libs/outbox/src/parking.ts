import type { parkedEvents } from "@spillway/drizzle/schema";
import type { Lease, ParkedEvent, ParkedPlace, ParkedTopic, Parking, ParkingLimits } from "@spillway/event";
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

/**
 * Nothing when the row is another owner's. Locks: the topic's row first, FOR UPDATE, so that `open` of the next owner is
 * either before it, and it puts nothing, or after its commit.
 */
const putEvents = (
  sql: Sql,
  { shard, token }: Lease,
  topic: string,
  events: readonly ParkedEvent[],
  { eventsMax, bytesMax }: ParkingLimits,
) => {
  const refs = arrayOf(events.map(({ ref }) => ref));
  const indexes = arrayOf(events.map(({ index }) => index));
  return sql<{ hasRoom: boolean; first: string | null }[]>`
  with ours as materialized (
    select from parking where shard = ${shard} and topic = ${topic} and token = ${token} for update
  ), room as materialized (
    select coalesce(sum(events), 0) < ${eventsMax} and coalesce(sum(bytes), 0) < ${bytesMax} as has_room
    from parking where topic = ${topic}
  ), added as (
    insert into parked_events (shard, topic, ref, index, chunk)
    select ${shard}, ${topic}, ref, index, decode(chunk, 'hex')
    from ours, room, unnest(${refs}::text[], ${indexes}::int[],
      ${arrayOf(events.map(({ chunk }) => Buffer.from(chunk).toString("hex")))}::text[]) with ordinality as event (ref, index, chunk, position)
    where has_room order by position
    on conflict (shard, ref, index) do nothing
    returning id, octet_length(chunk) as bytes
  ), there as (
    select id from parked_events join unnest(${refs}::text[], ${indexes}::int[]) as named (ref, index) using (ref, index)
    where shard = ${shard}
  )
  update parking set
    events = events + (select count(*) from added), bytes = bytes + (select coalesce(sum(added.bytes), 0) from added)
  where shard = ${shard} and topic = ${topic} and exists (select from ours)
  returning (select has_room from room) as "hasRoom", (select min(id) from (table there union all select id from added) as kept) as first,
    ${sql.unsafe(durableCommit)}`;
};

type StoredRow = Pick<typeof parkedEvents.$inferSelect, "ref" | "index" | "chunk"> & { readonly id: string };

/** The running sum is taken before the chunks are fetched. Locks: ACCESS SHARE. */
const oldestEvents = (
  sql: Sql,
  shard: number,
  topic: string,
  after: string,
  limits: { readonly rowsMax: number; readonly bytesMax: number },
) => sql<StoredRow[]>`
  select id, ref, index, chunk from (
    select *, sum(octet_length(chunk)) over (order by id) - octet_length(chunk) as bytes_before from (
      select id, ref, index, chunk from parked_events
      where shard = ${shard} and topic = ${topic} and id > ${after} order by id limit ${limits.rowsMax}
    ) as oldest
  ) as summed where bytes_before < ${limits.bytesMax} order by id`;

/**
 * Exactly these events, and not what has their ids: a Postgres that went back gives those once more, to events that nobody has published.
 * Of a repeat none are left, and nothing is counted. Locks: their rows and the topic's.
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
  with gone as (
    delete from parked_events using unnest(${arrayOf(all.map(({ ref }) => ref))}::text[],
      ${arrayOf(all.map(({ index }) => index))}::int[],
      ${arrayOf(all.map((_, i) => String(i >= relayed.length)))}::bool[]) as named (ref, index, is_dead)
    where shard = ${shard} and topic = ${topic}
      and parked_events.ref = named.ref and parked_events.index = named.index
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
  put: async (lease, topic, events, limits) => {
    const [row] = await ask(database, WRITE_MS, (sql) => putEvents(sql, lease, topic, events, limits));
    if (row === undefined) return { kind: "fenced" };
    return row.hasRoom ? { kind: "ok", first: row.first } : { kind: "full" };
  },
  oldest: async (shard, topic, after, rowsMax) => {
    const rows = await ask(database, WRITE_MS, (sql) => oldestEvents(sql, shard, topic, after, { rowsMax, bytesMax }));
    return rows.map((row) => ({ ...row }));
  },
  remove: async (shard, topic, { relayed, dead }) => {
    await ask(database, WRITE_MS, (sql) => removeEvents(sql, shard, topic, relayed, dead));
  },
  topics: async (shards) => {
    const rows = await ask(database, WRITE_MS, (sql) => topicsOf(sql, shards));
    return rows.map((row) => ({ ...row }));
  },
});
