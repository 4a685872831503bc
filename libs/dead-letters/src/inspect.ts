import type { deadLetterActions } from "@spillway/drizzle/schema";
import type { DeadLetterClass, LetterStatus } from "@spillway/event";
import { ask, type Database, epochMs, STATEMENT_MS } from "@spillway/postgres";
import type { Sql } from "postgres";
import { isLetterId, type LetterSummary, type StoredLetter, statusIs, summaryColumns } from "./letter.ts";

export type { LetterSummary } from "./letter.ts";

export type LetterFilter = {
  readonly status?: LetterStatus;
  readonly deadLetterClass?: DeadLetterClass;
  /** The whole type of the event. */
  readonly type?: string;
};

/** Newest first. `next` is the cursor of the following page, null on the last one. */
export type LetterPage = { readonly letters: readonly LetterSummary[]; readonly next: string | null };

export type LetterAction = Pick<typeof deadLetterActions.$inferSelect, "action" | "actor" | "reason"> & {
  readonly atMs: number;
};

export type WholeLetter = ExportedLetter & {
  /** What operators did to it, oldest first. */
  readonly actions: readonly LetterAction[];
  /** The other letters of the same event, newest first: its earlier and later lives. */
  readonly history: readonly LetterSummary[];
};

export type ExportedLetter = LetterSummary & Pick<StoredLetter, "bytes" | "traceparent" | "tracestate">;

const wholeColumns = `${summaryColumns}, bytes, traceparent, tracestate`;

/** Waiting letters. `capped`: there are more than were counted. */
export type LetterCounts = {
  readonly byClass: Readonly<Record<DeadLetterClass, number>>;
  readonly total: number;
  readonly capped: boolean;
  readonly oldestAtMs: number | null;
};

const PAGE_ROWS_MAX = 200;
const HISTORY_MAX = 50;
const ACTIONS_MAX = 100;
const COUNT_MAX = 100_000;
const EXPORT_ROWS = 20;

/** More conditions for a query of letters. The hash of a type is what is indexed. */
const matching = (sql: Sql, { status, deadLetterClass, type }: LetterFilter, before: string | null) => sql`
  ${status ? sql`and ${sql.unsafe(statusIs[status])}` : sql``}
  ${deadLetterClass ? sql`and class = ${deadLetterClass}` : sql``}
  ${type === undefined ? sql`` : sql`and hashtextextended(type, 0) = hashtextextended(${type}, 0) and type = ${type}`}
  ${before !== null && isLetterId(before) ? sql`and id < ${before}` : sql``}`;

/** A page by the position of its predecessor's last row, so that late pages cost no more. Locks: ACCESS SHARE. */
const page = <T extends object>(sql: Sql, columns: string, filter: LetterFilter, before: string | null, rows: number) =>
  sql<T[]>`select ${sql.unsafe(columns)} from dead_letters where true ${matching(sql, filter, before)}
    order by id desc limit ${rows}`;

/** Locks: ACCESS SHARE. */
const whole = (sql: Sql, id: string) => sql<ExportedLetter[]>`
  select ${sql.unsafe(wholeColumns)} from dead_letters where id = ${id}`;

/** One event has one identity; a whole chunk has none. Locks: ACCESS SHARE. */
const history = (sql: Sql, id: string) => sql<LetterSummary[]>`
  select ${sql.unsafe(summaryColumns)} from dead_letters
  where dedup_key = (select dedup_key from dead_letters where id = ${id}) and id <> ${id}
  order by id desc limit ${HISTORY_MAX}`;

/** Locks: ACCESS SHARE. */
const actions = (sql: Sql, letter: string) => sql<LetterAction[]>`
  select action, actor, reason, ${sql.unsafe(epochMs("created_at"))} as "atMs" from dead_letter_actions
  where letter = ${letter} order by id limit ${ACTIONS_MAX}`;

type ClassCount = { readonly class: DeadLetterClass; readonly letters: number; readonly oldest: number };

/** Counts the newest `COUNT_MAX` waiting letters in their partial index. Locks: ACCESS SHARE. */
const waitingByClass = (sql: Sql) => sql<ClassCount[]>`
  select class, count(*)::int as letters,
    (select ${sql.unsafe(epochMs("created_at"))} from dead_letters where ${sql.unsafe(statusIs.waiting)}
      order by id limit 1) as oldest
  from (
    select class from dead_letters where ${sql.unsafe(statusIs.waiting)} order by id desc limit ${COUNT_MAX + 1}
  ) as waiting group by class`;

const countsOf = (rows: readonly ClassCount[]): LetterCounts => {
  const byClass = { poison: 0, oversize: 0, rejected: 0, undecodable: 0 };
  for (const row of rows) byClass[row.class] = row.letters;
  const total = rows.reduce((sum, row) => sum + row.letters, 0);
  return { byClass, total, capped: total > COUNT_MAX, oldestAtMs: rows[0]?.oldest ?? null };
};

/** Reads for operators. Everything rejects with `Unavailable`. */
export const createDeadLetterInspector = ({ database }: { readonly database: Database }) => {
  const run = <T>(query: (sql: Sql) => PromiseLike<T>): Promise<T> => ask(database, STATEMENT_MS, query);

  return {
    page: async (filter: LetterFilter, before: string | null, rowsMax: number): Promise<LetterPage> => {
      const wanted = Math.min(rowsMax, PAGE_ROWS_MAX);
      const found = await run((sql) => page<LetterSummary>(sql, summaryColumns, filter, before, wanted + 1));
      const letters = found.slice(0, wanted);
      return { letters, next: found.length > wanted ? (letters.at(-1)?.id ?? null) : null };
    },
    /** Null when there is none of that id. */
    get: async (id: string): Promise<WholeLetter | null> => {
      if (!isLetterId(id)) return null;
      const [letter] = await run((sql) => whole(sql, id));
      if (letter === undefined) return null;
      const done = await run((sql) => actions(sql, id));
      return { ...letter, actions: done, history: await run((sql) => history(sql, id)) };
    },
    counts: async () => countsOf(await run(waitingByClass)),
    /** Letters with their bytes, newest first, fetched a few at a time. */
    export: async function* (filter: LetterFilter) {
      let letters: readonly ExportedLetter[] = [];
      do {
        const before = letters.at(-1)?.id ?? null;
        letters = await run((sql) => page<ExportedLetter>(sql, wholeColumns, filter, before, EXPORT_ROWS));
        yield* letters;
      } while (letters.length === EXPORT_ROWS);
    },
  };
};
