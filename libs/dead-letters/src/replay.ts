import {
  type LetterStatus,
  type Platform,
  REPLAYS_MAX,
  type ReplayCandidate,
  type Replayed,
  replayChunk,
  replayRefusalOf,
  type ShardChunk,
} from "@spillway/event";
import { arrayOf, ask, type Database, durableCommit, WRITE_MS } from "@spillway/postgres";
import { inSpan, type Traces } from "@spillway/telemetry";
import type { Sql } from "postgres";
import { type LetterActor, whileHeld } from "./actor.ts";
import { type StoredLetter, statusColumn, statusIs } from "./letter.ts";
import { idsOf, refusalsOf } from "./refusal.ts";

export type ReplayOptions = {
  readonly database: Database;
  /** The same number as everywhere: a replay goes where its key's other events go. */
  readonly shards: number;
  readonly platform: Platform;
  /** How often one event may be replayed. Default 5. */
  readonly replayCountMax?: number;
  /** Event bytes that one call reads at most. Default 16 MiB. */
  readonly bytesMax?: number;
  /** For one statement. Default 5,000. */
  readonly deadlineMs?: number;
  /** Absent where nothing is traced. */
  readonly traces?: Traces | undefined;
};

type Letter = Pick<
  StoredLetter,
  "index" | "replay" | "identity" | "source" | "eventId" | "type" | "partitionKey" | "traceparent" | "tracestate"
> & {
  readonly id: string;
  readonly status: LetterStatus;
  /** Null beyond `bytesMax` of the call. */
  readonly bytes: Uint8Array | null;
};

type Row = Pick<ShardChunk, "shard" | "chunk" | "dedupKeys"> & { readonly id: string };

/** Locks: ACCESS SHARE. */
const readLetters = (sql: Sql, ids: readonly string[], bytesMax: number) => sql<Letter[]>`
  select id, ${sql.unsafe(statusColumn)}, index, replay, dedup_key as identity, source, event_id as "eventId", type,
    partition_key as "partitionKey", traceparent, tracestate,
    case when sum(octet_length(bytes)) over (order by id) <= ${bytesMax} then bytes end as bytes
  from dead_letters where id = any(${arrayOf(ids)}::bigint[]) order by id`;

/**
 * Marks letters and inserts their events, both or neither, and only those that still wait: of two calls at once the
 * second finds none. Locks: the letters' rows, in id order, until the statement is over.
 */
const moveToOutbox = (sql: Sql, rows: readonly Row[], shards: number, by: LetterActor) => sql<{ id: string }[]>`
  with sent as (
    select id, shard, decode(chunk, 'hex') as chunk, dedup_keys from unnest(
      ${arrayOf(rows.map((row) => row.id))}::bigint[],
      ${arrayOf(rows.map((row) => row.shard))}::int[],
      ${arrayOf(rows.map((row) => Buffer.from(row.chunk).toString("hex")))}::text[],
      ${arrayOf(rows.map((row) => row.dedupKeys))}::text[]
    ) as sent (id, shard, chunk, dedup_keys)
  ), locked as (
    select id from dead_letters where id in (select id from sent) and ${sql.unsafe(statusIs.waiting)} ${whileHeld(sql, by)}
    order by id for update
  ), replayed as (
    update dead_letters set replayed_at = now()
    from locked where dead_letters.id = locked.id returning dead_letters.id
  ), recorded as (
    insert into dead_letter_actions (letter, action, actor, job) select id, 'replay', ${by.by}, ${by.job?.id ?? null} from replayed
  ), queued as (
    insert into outbox (shard, shards, chunk, events, bytes, dedup_keys)
    select shard, ${shards}::int, chunk, 1, octet_length(chunk), dedup_keys from sent where id in (select id from replayed) order by id
  )
  select id, ${sql.unsafe(durableCommit)} from replayed`;

/** Bytes that tell no source and id were damaged: they are no event to send, whatever identity the letter has. */
const candidateOf = (letter: Letter): ReplayCandidate => {
  const isNamed = letter.source !== null && letter.eventId !== null;
  return isNamed ? letter : { ...letter, identity: null };
};

const rowOf = (letter: Letter, { shards, platform }: ReplayOptions, receivedAtMs: number): Row => {
  const { identity, bytes, tracestate } = letter;
  const known = { identity: identity ?? "", bytes: bytes ?? new Uint8Array(), tracestate: tracestate ?? undefined };
  return { id: letter.id, ...replayChunk({ ...letter, ...known }, receivedAtMs, shards, platform) };
};

type Move = (
  rows: readonly Row[],
  letters: readonly Letter[],
  by: LetterActor,
) => Promise<readonly { readonly id: string }[]>;

/** With a span that is linked to the contexts of the letters. */
const traced =
  (move: Move, traces: Traces): Move =>
  (rows, letters, by) => {
    const contexts = letters.map(({ traceparent }) => traceparent);
    const span = traces.beginFor("replay", contexts, { "spillway.letters": letters.length });
    const work = () => move(rows, letters, by);
    return inSpan(span, work, (moved) => ({ attributes: { "spillway.events": moved.length } }));
  };

/** The port `Replay` on the table of dead letters, also for a job: letters that one does not hold any more are refused as waiting. */
export const createReplay = (options: ReplayOptions) => {
  const {
    database,
    replayCountMax = REPLAYS_MAX,
    bytesMax = 16 * 1024 * 1024,
    deadlineMs = WRITE_MS,
    traces,
  } = options;
  const moveRows: Move = async (rows, _letters, by) =>
    rows.length === 0 ? [] : ask(database, deadlineMs, (sql) => moveToOutbox(sql, rows, options.shards, by));
  const move = traces === undefined ? moveRows : traced(moveRows, traces);
  return async (ids: readonly string[], by: LetterActor): Promise<Replayed> => {
    const asked = idsOf(ids);
    const letters = await ask(database, deadlineMs, (sql) => readLetters(sql, asked, bytesMax));
    const refused = letters.flatMap((letter) => replayRefusalOf(candidateOf(letter), replayCountMax) ?? []);
    const refusedIds = new Set(refused.map((refusal) => refusal.id));
    const waiting = letters.filter((letter) => !refusedIds.has(letter.id));
    const rows = waiting.map((letter) => rowOf(letter, options, Date.now()));
    const moved = await move(rows, waiting, by);
    const replayed = new Set(moved.map((row) => row.id));
    const left = [...new Set(ids)].filter((id) => !replayed.has(id) && !refusedIds.has(id));
    return {
      replayed: [...replayed],
      refused: [...refused, ...(await refusalsOf(database, left, deadlineMs))],
    };
  };
};
