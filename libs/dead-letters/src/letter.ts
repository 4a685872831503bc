import { deadLetters } from "@spillway/drizzle/schema";
import type { LetterStatus } from "@spillway/event";
import { epochMs } from "@spillway/postgres";

/** A row of the table, under the schema's names. */
export type StoredLetter = typeof deadLetters.$inferSelect;

const shown = [
  "deadLetterClass",
  "code",
  "detail",
  "topic",
  "type",
  "source",
  "eventId",
  "partitionKey",
  "shard",
  "entry",
  "index",
  "replay",
  "attempts",
  "discardReason",
] as const;

/** A dead letter without its bytes. Times are ms since 1970. */
export type LetterSummary = Pick<StoredLetter, (typeof shown)[number]> & {
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

const computed: Readonly<Record<Exclude<keyof LetterSummary, "status" | (typeof shown)[number]>, string>> = {
  id: "id",
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
  ...shown.map((name) => `${deadLetters[name].name} as "${name}"`),
  ...Object.entries(computed).map(([name, column]) => `${column} as "${name}"`),
].join(", ");
