import { deadLetterActions, deadLetters } from "@spillway/drizzle/schema";
import type { DeadLetterClass } from "@spillway/event";
import { type Database, orUnavailable } from "@spillway/postgres";
import { and, asc, desc, eq, lt, ne, type SQL, sql } from "drizzle-orm";
import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import { isLetterId, type LetterStatus, type LetterSummary, statusIs, summaryColumns } from "./letter.ts";

export type { LetterStatus, LetterSummary } from "./letter.ts";

export type LetterFilter = {
  readonly status?: LetterStatus;
  readonly deadLetterClass?: DeadLetterClass;
  /** The whole type of the event. */
  readonly type?: string;
};

/** Newest first. `next` is the cursor of the following page, null on the last one. */
export type LetterPage = { readonly letters: readonly LetterSummary[]; readonly next: string | null };

export type LetterAction = {
  readonly action: "replay" | "discard" | "restore";
  readonly actor: string;
  readonly reason: string | null;
  readonly atMs: number;
};

export type WholeLetter = ExportedLetter & {
  /** What operators did to it, oldest first. */
  readonly actions: readonly LetterAction[];
  /** The other letters of the same event, newest first: its earlier and later lives. */
  readonly history: readonly LetterSummary[];
};

export type ExportedLetter = LetterSummary & {
  readonly bytes: Uint8Array;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
};

/** Waiting letters. `capped`: there are more than were counted. */
export type LetterCounts = {
  readonly byClass: Readonly<Record<DeadLetterClass, number>>;
  readonly total: number;
  readonly capped: boolean;
  readonly oldestAtMs: number | null;
};

export type DeadLetterInspector = {
  page(filter: LetterFilter, before: string | null, rowsMax: number): Promise<LetterPage>;
  /** Null when there is none of that id. */
  get(id: string): Promise<WholeLetter | null>;
  counts(): Promise<LetterCounts>;
  /** Letters with their bytes, newest first, fetched a few at a time. */
  export(filter: LetterFilter): AsyncGenerator<ExportedLetter>;
};

export type DeadLetterInspectorOptions = {
  readonly database: Database;
  /** For one statement. Default 2,000. */
  readonly deadlineMs?: number;
};

const PAGE_ROWS_MAX = 200;
const HISTORY_MAX = 50;
const ACTIONS_MAX = 100;
const COUNT_MAX = 100_000;
const EXPORT_ROWS = 20;

const conditionsOf = (filter: LetterFilter, before: string | null): SQL | undefined => {
  const { type } = filter;
  const conditions: SQL[] = filter.status ? statusIs(filter.status) : [];
  if (filter.deadLetterClass) conditions.push(eq(deadLetters.deadLetterClass, filter.deadLetterClass));
  if (type !== undefined)
    conditions.push(
      eq(sql`hashtextextended(${deadLetters.type}, 0)`, sql`hashtextextended(${type}, 0)`),
      eq(deadLetters.type, type),
    );
  if (before !== null && isLetterId(before)) conditions.push(lt(deadLetters.id, BigInt(before)));
  return and(...conditions);
};

/** A page by the position of its predecessor's last row, so that late pages cost no more. Locks: ACCESS SHARE. */
const pageOf = (db: PostgresJsDatabase, filter: LetterFilter, before: string | null, rowsMax: number) =>
  db
    .select(summaryColumns)
    .from(deadLetters)
    .where(conditionsOf(filter, before))
    .orderBy(desc(deadLetters.id))
    .limit(rowsMax);

/** Locks: ACCESS SHARE. */
const wholeOf = (db: PostgresJsDatabase, condition: SQL | undefined, rowsMax: number) =>
  db
    .select({
      ...summaryColumns,
      bytes: deadLetters.bytes,
      traceparent: deadLetters.traceparent,
      tracestate: deadLetters.tracestate,
    })
    .from(deadLetters)
    .where(condition)
    .orderBy(desc(deadLetters.id))
    .limit(rowsMax);

/** One event has one identity; the hash of its id is what is indexed. Locks: ACCESS SHARE. */
const historyOf = (db: PostgresJsDatabase, { id, eventId }: LetterSummary) =>
  db
    .select(summaryColumns)
    .from(deadLetters)
    .where(
      and(
        eq(sql`hashtextextended(${deadLetters.eventId}, 0)`, sql`hashtextextended(${eventId}, 0)`),
        sql`${deadLetters.identity} = (select dedup_key from dead_letters where id = ${id}::bigint)`,
        ne(deadLetters.id, BigInt(id)),
      ),
    )
    .orderBy(desc(deadLetters.id))
    .limit(HISTORY_MAX);

/** Locks: ACCESS SHARE. */
const actionsOf = (db: PostgresJsDatabase, id: string) =>
  db
    .select({
      action: deadLetterActions.action,
      actor: deadLetterActions.actor,
      reason: deadLetterActions.reason,
      atMs: sql<number>`extract(epoch from ${deadLetterActions.createdAt})::float8 * 1000`,
    })
    .from(deadLetterActions)
    .where(eq(deadLetterActions.letter, BigInt(id)))
    .orderBy(asc(deadLetterActions.id))
    .limit(ACTIONS_MAX);

type ClassCount = { readonly class: DeadLetterClass; readonly letters: number; readonly oldest: number };

/** Counts the newest `COUNT_MAX` waiting letters in their partial index. Locks: ACCESS SHARE. */
const waitingByClass = (database: Database, deadlineMs: number): Promise<ClassCount[]> =>
  database.run(
    deadlineMs,
    (client) => client<ClassCount[]>`
      select class, count(*)::int as letters,
        (select extract(epoch from created_at)::float8 * 1000 from dead_letters
          where replayed_at is null and discarded_at is null order by id limit 1) as oldest
      from (
        select class from dead_letters where replayed_at is null and discarded_at is null
        order by id desc limit ${COUNT_MAX + 1}
      ) as waiting group by class`,
  );

const countsOf = (rows: readonly ClassCount[]): LetterCounts => {
  const byClass = { poison: 0, oversize: 0, rejected: 0, undecodable: 0 };
  for (const row of rows) byClass[row.class] = row.letters;
  const total = rows.reduce((sum, row) => sum + row.letters, 0);
  return { byClass, total, capped: total > COUNT_MAX, oldestAtMs: rows[0]?.oldest ?? null };
};

/** Reads for operators. Everything rejects with `Unavailable`. */
export const createDeadLetterInspector = (options: DeadLetterInspectorOptions): DeadLetterInspector => {
  const { database, deadlineMs = 2_000 } = options;
  const run = <T>(work: (db: PostgresJsDatabase) => PromiseLike<T>): Promise<T> =>
    orUnavailable(database.run(deadlineMs, (client) => work(drizzle(client))));

  return {
    page: async (filter, before, rowsMax) => {
      const wanted = Math.min(rowsMax, PAGE_ROWS_MAX);
      const found = await run((db) => pageOf(db, filter, before, wanted + 1));
      const letters = found.slice(0, wanted);
      return { letters, next: found.length > wanted ? (letters.at(-1)?.id ?? null) : null };
    },
    get: async (id) => {
      if (!isLetterId(id)) return null;
      const [letter] = await run((db) => wholeOf(db, eq(deadLetters.id, BigInt(id)), 1));
      if (letter === undefined) return null;
      const actions = await run((db) => actionsOf(db, id));
      const history = letter.eventId === null ? [] : await run((db) => historyOf(db, letter));
      return { ...letter, actions, history };
    },
    counts: async () => countsOf(await orUnavailable(waitingByClass(database, deadlineMs))),
    export: async function* (filter) {
      let letters: ExportedLetter[] = [];
      do {
        const before = letters.at(-1)?.id ?? null;
        letters = await run((db) => wholeOf(db, conditionsOf(filter, before), EXPORT_ROWS));
        yield* letters;
      } while (letters.length === EXPORT_ROWS);
    },
  };
};
