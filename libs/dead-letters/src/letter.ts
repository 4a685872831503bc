import type { deadLetters } from "@spillway/drizzle/schema";
import type { LetterStatus } from "@spillway/event";
import { epochMs } from "@spillway/postgres";

/** A row of the table, under the schema's names. */
export type StoredLetter = typeof deadLetters.$inferSelect;

/** A dead letter without its bytes. Times are ms since 1970. */
export type LetterSummary = Pick<
  StoredLetter,
  | "deadLetterClass"
  | "code"
  | "detail"
  | "topic"
  | "type"
  | "source"
  | "eventId"
  | "partitionKey"
  | "shard"
  | "entry"
  | "index"
  | "replay"
  | "attempts"
  | "discardReason"
> & {
  readonly id: string;
  readonly status: LetterStatus;
  readonly bytesLength: number;
  readonly receivedAtMs: number | null;
  /** Of this event's first letter. */
  readonly firstFailedAtMs: number;
  readonly createdAtMs: number;
  readonly replayedAtMs: number | null;
  readonly discardedAtMs: number | null;
};

/** An id as the API shows it: a positive bigint. */
export const isLetterId = (id: string): boolean => /^[1-9][0-9]{0,17}$/.test(id);

/** Conditions. Waiting is written as the partial index of waiting letters has it, so that the planner recognises it. */
export const statusIs: Readonly<Record<LetterStatus, string>> = {
  waiting: "replayed_at is null and discarded_at is null",
  replayed: "replayed_at is not null",
  discarded: "discarded_at is not null",
};

/** The column `status`. */
export const statusColumn = `case when ${statusIs.replayed} then 'replayed' when ${statusIs.discarded} then 'discarded'
  else 'waiting' end as status`;

const summary: Readonly<Record<Exclude<keyof LetterSummary, "status">, string>> = {
  id: "id",
  deadLetterClass: "class",
  code: "code",
  detail: "detail",
  topic: "topic",
  type: "type",
  source: "source",
  eventId: "event_id",
  partitionKey: "partition_key",
  shard: "shard",
  entry: "entry",
  index: "index",
  replay: "replay",
  attempts: "attempts",
  discardReason: "discard_reason",
  // Known without fetching the bytes.
  bytesLength: "octet_length(bytes)",
  receivedAtMs: epochMs("received_at"),
  firstFailedAtMs: epochMs("first_failed_at"),
  createdAtMs: epochMs("created_at"),
  replayedAtMs: epochMs("replayed_at"),
  discardedAtMs: epochMs("discarded_at"),
};

/** The columns of a `LetterSummary`. */
export const summaryColumns = [
  statusColumn,
  ...Object.entries(summary).map(([name, column]) => `${column} as "${name}"`),
].join(", ");
