import { deadLetters } from "@spillway/drizzle/schema";
import type { DeadLetterClass } from "@spillway/event";
import { isNotNull, isNull, type SQL, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";

/** A waiting letter was neither replayed nor discarded. */
export type LetterStatus = "waiting" | "replayed" | "discarded";

/** A dead letter without its bytes. Times are ms since 1970. */
export type LetterSummary = {
  readonly id: string;
  readonly status: LetterStatus;
  readonly deadLetterClass: DeadLetterClass;
  readonly code: string;
  readonly detail: string;
  readonly topic: string | null;
  readonly type: string | null;
  readonly source: string | null;
  readonly eventId: string | null;
  readonly partitionKey: string | null;
  readonly shard: number;
  readonly entry: string;
  readonly index: number;
  /** How many times this event had been replayed before it died here. */
  readonly replay: number;
  readonly attempts: number;
  readonly bytesLength: number;
  readonly receivedAtMs: number | null;
  /** Of this event's first letter. */
  readonly firstFailedAtMs: number;
  readonly createdAtMs: number;
  readonly replayedAtMs: number | null;
  readonly discardedAtMs: number | null;
  readonly discardReason: string | null;
};

/** An id as the API shows it: a positive bigint. */
export const isLetterId = (id: string): boolean => /^[1-9][0-9]{0,17}$/.test(id);

const ms = (column: PgColumn): SQL<number> => sql<number>`extract(epoch from ${column})::float8 * 1000`;

/** Columns of a summary; the length of the bytes is known without fetching them. */
export const summaryColumns = {
  id: sql<string>`${deadLetters.id}::text`,
  status: sql<LetterStatus>`case when ${deadLetters.replayedAt} is not null then 'replayed'
    when ${deadLetters.discardedAt} is not null then 'discarded' else 'waiting' end`,
  deadLetterClass: deadLetters.deadLetterClass,
  code: deadLetters.code,
  detail: deadLetters.detail,
  topic: deadLetters.topic,
  type: deadLetters.type,
  source: deadLetters.source,
  eventId: deadLetters.eventId,
  partitionKey: deadLetters.partitionKey,
  shard: deadLetters.shard,
  entry: deadLetters.entry,
  index: deadLetters.index,
  replay: deadLetters.replay,
  attempts: deadLetters.attempts,
  bytesLength: sql<number>`octet_length(${deadLetters.bytes})`,
  receivedAtMs: ms(deadLetters.receivedAt) as SQL<number | null>,
  firstFailedAtMs: ms(deadLetters.firstFailedAt),
  createdAtMs: ms(deadLetters.createdAt),
  replayedAtMs: ms(deadLetters.replayedAt) as SQL<number | null>,
  discardedAtMs: ms(deadLetters.discardedAt) as SQL<number | null>,
  discardReason: deadLetters.discardReason,
};

/** Written as the partial index of waiting letters has it, so that the planner recognises it. */
export const statusIs = (status: LetterStatus): SQL[] => {
  if (status === "replayed") return [isNotNull(deadLetters.replayedAt)];
  if (status === "discarded") return [isNotNull(deadLetters.discardedAt)];
  return [isNull(deadLetters.replayedAt), isNull(deadLetters.discardedAt)];
};
