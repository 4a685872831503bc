import { deadLetters } from "@spillway/drizzle/schema";
import type { DeadLetter, DeadLetters } from "@spillway/event";
import { type Database, durableCommit, orUnavailable } from "@spillway/postgres";
import { and, eq, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { type SourceAndId, sourceAndIdOf } from "./source-and-id.ts";

export type DeadLettersOptions = {
  readonly database: Database;
  /** For one statement. Default 5,000. */
  readonly deadlineMs?: number;
};

const ROWS_MAX = 200;
const BYTES_MAX = 8 * 1024 * 1024;
const DETAIL_LENGTH_MAX = 1_000;

/** Text in Postgres holds no NUL; a letter that cannot be written would hold up its shard for ever. */
const storable = (text: string): string => text.replaceAll("\u0000", "\uFFFD");

const storableOrNull = (text: string | null): string | null => (text === null ? null : storable(text));

/** An event that died before has its first death in its earlier letters. One event has one identity; the hash of its id is what is indexed. */
const firstFailedAt = (identity: string | null, { eventId }: SourceAndId): SQL => {
  const earlier = and(
    eq(sql`hashtextextended(${deadLetters.eventId}, 0)`, sql`hashtextextended(${eventId}, 0)`),
    eq(deadLetters.identity, sql`${identity}`),
  );
  return sql`coalesce((select min(${deadLetters.firstFailedAt}) from ${deadLetters} where ${earlier}), now())`;
};

const rowOf = (letter: DeadLetter) => {
  const read = sourceAndIdOf(letter);
  const sourceAndId = { source: storableOrNull(read.source), eventId: storableOrNull(read.eventId) };
  return {
    shard: letter.shard,
    entry: letter.entry,
    index: letter.index,
    deadLetterClass: letter.deadLetterClass,
    code: storable(letter.code),
    detail: storable(letter.detail.slice(0, DETAIL_LENGTH_MAX)),
    topic: storableOrNull(letter.topic),
    type: storableOrNull(letter.type),
    partitionKey: storableOrNull(letter.partitionKey),
    traceparent: storableOrNull(letter.traceparent),
    tracestate: storableOrNull(letter.tracestate ?? null),
    identity: letter.identity,
    replay: letter.replay,
    attempts: letter.attempts,
    receivedAt: letter.receivedAtMs === null ? null : new Date(letter.receivedAtMs),
    bytes: letter.bytes,
    ...sourceAndId,
    ...(letter.replay > 0 ? { firstFailedAt: firstFailedAt(letter.identity, sourceAndId) } : {}),
  };
};

/** Locks: ROW EXCLUSIVE on the table; waits for another insert of the same (shard, entry, index). */
const insertLetters = (database: Database, letters: readonly DeadLetter[], deadlineMs: number): Promise<unknown> =>
  database.run(deadlineMs, (client) =>
    drizzle(client)
      .insert(deadLetters)
      .values(letters.map(rowOf))
      .onConflictDoNothing({ target: [deadLetters.shard, deadLetters.entry, deadLetters.index] })
      .returning({ durable: sql.raw(durableCommit) }),
  );

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
export const createDeadLetters = ({ database, deadlineMs = 5_000 }: DeadLettersOptions): DeadLetters => ({
  put: async (letters) => {
    for (const batch of batches(letters)) await orUnavailable(insertLetters(database, batch, deadlineMs));
  },
});
