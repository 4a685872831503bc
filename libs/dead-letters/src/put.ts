import type { DeadLetter, DeadLetters } from "@spillway/event";
import { arrayOf, ask, type Database, durableCommit, WRITE_MS } from "@spillway/postgres";
import type { Sql } from "postgres";
import { sourceAndIdOf } from "./source-and-id.ts";

const ROWS_MAX = 200;
const BYTES_MAX = 8 * 1024 * 1024;
const DETAIL_LENGTH_MAX = 1_000;

/** Text in Postgres holds no NUL; a letter that cannot be written would hold up its shard for ever. */
const storable = <T>(value: T) => (typeof value === "string" ? value.replaceAll("\u0000", "\uFFFD") : value);

const rowOf = (letter: DeadLetter) => ({
  ...letter,
  ...sourceAndIdOf(letter),
  detail: letter.detail.slice(0, DETAIL_LENGTH_MAX),
  tracestate: letter.tracestate ?? null,
  receivedAt: letter.receivedAtMs === null ? null : new Date(letter.receivedAtMs).toISOString(),
  bytes: Buffer.from(letter.bytes).toString("hex"),
});

/**
 * In the order of the call. A replayed event has its first death in its earlier letters. Locks: ROW EXCLUSIVE on the
 * table; waits for another insert of the same letter, and two that put the same letters in another order may deadlock:
 * Postgres ends one of them, which is put again.
 */
const insertLetters = (sql: Sql, letters: readonly DeadLetter[]) => {
  const rows = letters.map(rowOf);
  const all = (name: Exclude<keyof (typeof rows)[number], "receivedAtMs">) =>
    arrayOf(rows.map((row) => storable(row[name])));
  return sql`
    insert into dead_letters (shard, entry, index, class, code, detail, topic, type, partition_key, traceparent, tracestate,
      dedup_key, replay, attempts, received_at, bytes, source, event_id, first_failed_at)
    select shard, entry, index, class, code, detail, topic, type, partition_key, traceparent, tracestate,
      dedup_key, replay, attempts, received_at, decode(bytes, 'hex'), source, event_id,
      coalesce(case when replay > 0 then (
        select min(earlier.first_failed_at) from dead_letters as earlier where earlier.dedup_key = letter.dedup_key
      ) end, now())
    from unnest(${all("shard")}::int[], ${all("entry")}::text[], ${all("index")}::int[],
      ${all("deadLetterClass")}::text[], ${all("code")}::text[], ${all("detail")}::text[], ${all("topic")}::text[],
      ${all("type")}::text[], ${all("partitionKey")}::text[], ${all("traceparent")}::text[],
      ${all("tracestate")}::text[], ${all("identity")}::text[], ${all("replay")}::int[], ${all("attempts")}::int[],
      ${all("receivedAt")}::timestamptz[], ${all("bytes")}::text[], ${all("source")}::text[], ${all("eventId")}::text[])
      with ordinality as letter (shard, entry, index, class, code, detail, topic, type, partition_key, traceparent,
        tracestate, dedup_key, replay, attempts, received_at, bytes, source, event_id, position)
    order by position
    on conflict do nothing
    returning ${sql.unsafe(durableCommit)}`;
};

/** Runs of letters that fit one statement; a letter alone may be larger. */
const batches = (letters: readonly DeadLetter[]): DeadLetter[][] => {
  const all: DeadLetter[][] = [];
  let bytes = 0;
  for (const letter of letters) {
    const last = all.at(-1);
    bytes += letter.bytes.length;
    if (last && last.length < ROWS_MAX && bytes <= BYTES_MAX) last.push(letter);
    else {
      all.push([letter]);
      bytes = letter.bytes.length;
    }
  }
  return all;
};

/** The table of dead letters. Large puts take several statements; a put that failed half-way is to be put again. */
export const createDeadLetters = ({ database }: { readonly database: Database }): DeadLetters => ({
  put: async (letters) => {
    for (const batch of batches(letters)) await ask(database, WRITE_MS, (sql) => insertLetters(sql, batch));
  },
});
