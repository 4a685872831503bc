import type { deadLetterActions } from "@spillway/drizzle/schema";
import type { DeadLetterClass } from "@spillway/event";
import { ask, type Database, epochMs, STATEMENT_MS } from "@spillway/postgres";
import type { Sql } from "postgres";
import { indexed, isSearch, type LetterFilter, looked, lookupOf } from "./filter.ts";
import { readGroups } from "./groups.ts";
import { isLetterId, type LetterSummary, type StoredLetter, statusIs, summaryColumns } from "./letter.ts";
import { countPlan, type Plan, planOf } from "./plan.ts";

export type { LetterSummary } from "./letter.ts";

/** Where a page begins: below a letter's id, above one, or at the newest. */
export type LetterCursor = { readonly before?: string; readonly after?: string };

/** Newest first. `older` and `newer` are the ids before and after which the neighbouring pages are; null where there is none. */
export type LetterPage = {
  readonly letters: readonly LetterSummary[];
  readonly older: string | null;
  readonly newer: string | null;
  /** It is short because so many letters were looked through, of which few were the ones; the next page goes on. */
  readonly searched: number | null;
};

export type LetterAction = Pick<typeof deadLetterActions.$inferSelect, "action" | "actor" | "reason"> & {
  readonly atMs: number;
};

export type WholeLetter = ExportedLetter & {
  /** What operators did to it, oldest first. */
  readonly actions: readonly LetterAction[];
  /** The other letters of the same event, newest first: its earlier and later lives. */
  readonly history: readonly LetterSummary[];
};

export type ExportedLetter = LetterSummary & Pick<StoredLetter, "bytes" | "identity" | "traceparent" | "tracestate">;

const wholeColumns = `${summaryColumns}, bytes, dedup_key as identity, traceparent, tracestate`;

/** Waiting letters. `capped`: there are more than were counted. */
export type LetterCounts = {
  readonly byClass: Readonly<Record<DeadLetterClass, number>>;
  readonly total: number;
  readonly capped: boolean;
  readonly oldestAtMs: number | null;
};

/** For whoever counts a million, and makes nobody wait for it. */
const GROUPS_MS = 5_000;
const PAGE_ROWS_MAX = 200;
const HISTORY_MAX = 50;
const ACTIONS_MAX = 100;
const COUNT_MAX = 100_000;
const EXPORT_ROWS = 20;
/** Rows that one page looks through for a text and the like: some 30 ms of them, each from another block where an index leads to them. */
const SEARCHED_MAX = 10_000;

/** Which letters, in which order: the way of a cursor. */
type Way = { readonly from: string | null; readonly isUp: boolean };

const beyond = (sql: Sql, { from, isUp }: Way) =>
  from === null ? sql`` : sql`and id ${isUp ? sql`>` : sql`<`} ${from}`;

const inOrder = (sql: Sql, filter: LetterFilter, { isUp }: Way) => {
  const columns = [lookupOf(filter)?.column ?? [], "id"].flat().map((column) => (isUp ? column : `${column} desc`));
  return sql`order by ${sql.unsafe(columns.join(", "))}`;
};

/**
 * The id of the first letter that is not looked at any more: of letters that an index finds, all beyond so many. Locks: ACCESS
 * SHARE.
 */
const searchEnd = (sql: Sql, filter: LetterFilter, way: Way) => sql<{ id: string }[]>`
  select id from dead_letters where true ${indexed(sql, filter)} ${beyond(sql, way)} ${inOrder(sql, filter, way)}
  offset ${SEARCHED_MAX} limit 1`;

/** A page by the position of its predecessor's last row, so that late pages cost no more. Locks: ACCESS SHARE. */
const page = <T extends object>(
  sql: Sql,
  columns: string,
  filter: LetterFilter,
  way: Way,
  end: string | null,
  rows: number,
) => sql<T[]>`
  select ${sql.unsafe(columns)} from dead_letters
  where true ${indexed(sql, filter)} ${looked(sql, filter)} ${beyond(sql, way)}
    ${end === null ? sql`` : sql`and id ${way.isUp ? sql`<` : sql`>`} ${end}`}
  ${inOrder(sql, filter, way)} limit ${rows}`;

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

type Run = <T>(query: (sql: Sql) => PromiseLike<T>) => Promise<T>;

const wayOf = ({ before, after }: LetterCursor): Way => {
  if (after !== undefined && isLetterId(after)) return { from: after, isUp: true };
  return { from: before !== undefined && isLetterId(before) ? before : null, isUp: false };
};

/** Rows of one page in the order of its way, and where the next one goes on; null: there is none. */
const readPage = async <T extends { readonly id: string }>(
  run: Run,
  columns: string,
  filter: LetterFilter,
  way: Way,
  wanted: number,
) => {
  const [end] = isSearch(filter) ? await run((sql) => searchEnd(sql, filter, way)) : [];
  const found = await run((sql) => page<T>(sql, columns, filter, way, end?.id ?? null, wanted + 1));
  const rows = found.slice(0, wanted);
  if (found.length > wanted) return { rows, next: rows.at(-1)?.id ?? null, isShort: false };
  if (end === undefined) return { rows, next: null, isShort: false };
  return { rows, next: String(BigInt(end.id) + (way.isUp ? -1n : 1n)), isShort: true };
};

/** Reads for operators. Everything rejects with `Unavailable`. */
export const createDeadLetterInspector = ({ database }: { readonly database: Database }) => {
  const run: Run = (query) => ask(database, STATEMENT_MS, query);

  return {
    page: async (filter: LetterFilter, cursor: LetterCursor, rowsMax: number): Promise<LetterPage> => {
      const way = wayOf(cursor);
      const wanted = Math.min(rowsMax, PAGE_ROWS_MAX);
      const { rows, next, isShort } = await readPage<LetterSummary>(run, summaryColumns, filter, way, wanted);
      const searched = isShort ? SEARCHED_MAX : null;
      // Whence one came there is something, or a click ago there was.
      const back = way.from === null ? null : String(BigInt(way.from) + (way.isUp ? 1n : -1n));
      const backOf = (edge: LetterSummary | undefined) => edge?.id ?? back;
      if (way.isUp) return { letters: rows.toReversed(), older: backOf(rows[0]), newer: next, searched };
      return { letters: rows, older: next, newer: way.from === null ? null : backOf(rows[0]), searched };
    },
    /** The letters next to one among those of a filter, as a page of one finds them. */
    beside: async (filter: LetterFilter, id: string) => {
      const next = async (isUp: boolean): Promise<string | null> =>
        (await readPage<{ id: string }>(run, "id", filter, { from: id, isUp }, 1)).rows[0]?.id ?? null;
      return isLetterId(id) ? { newer: await next(true), older: await next(false) } : { newer: null, older: null };
    },
    /** What waits, by what it died of. */
    groups: () => readGroups((query) => ask(database, GROUPS_MS, query)),
    /** Null when there is none of that id. */
    get: async (id: string): Promise<WholeLetter | null> => {
      if (!isLetterId(id)) return null;
      const [letter] = await run((sql) => whole(sql, id));
      if (letter === undefined) return null;
      const done = await run((sql) => actions(sql, id));
      return { ...letter, actions: done, history: await run((sql) => history(sql, id)) };
    },
    plan: async (filter: LetterFilter): Promise<Plan> => {
      // A search counts what it finds among those that a page would look through, the oldest first, as a job goes.
      const way: Way = { from: null, isUp: true };
      const [end] = isSearch(filter) ? await run((sql) => searchEnd(sql, filter, way)) : [];
      const [row] = await run((sql) => countPlan(sql, filter, end?.id ?? null));
      if (row === undefined) throw new Error("an aggregate answers one row");
      return planOf(row, end !== undefined);
    },
    /** Ids of letters after one, in the order in which they died, and how far was looked; null: to the end. */
    following: async (filter: LetterFilter, after: string, rowsMax: number) => {
      const { rows, next } = await readPage<{ id: string }>(run, "id", filter, { from: after, isUp: true }, rowsMax);
      return { ids: rows.map(({ id }) => id), next };
    },
    counts: async () => countsOf(await run(waitingByClass)),
    /** Letters with their bytes, newest first, fetched a few at a time. */
    export: async function* (filter: LetterFilter): AsyncGenerator<ExportedLetter> {
      let from: string | null = null;
      do {
        const way: Way = { from, isUp: false };
        const part: { rows: readonly ExportedLetter[]; next: string | null } = await readPage<ExportedLetter>(
          run,
          wholeColumns,
          filter,
          way,
          EXPORT_ROWS,
        );
        yield* part.rows;
        from = part.next;
      } while (from !== null);
    },
  };
};
