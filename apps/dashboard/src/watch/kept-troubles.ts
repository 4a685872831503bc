import { type Clock, Unavailable } from "@spillway/event";
import { arrayOf, ask, type Database, epochMs } from "@spillway/postgres";
import type { Sql } from "../sql.ts";
import type { Watch } from "./watch.ts";

/** What nobody saw for longer may have been over meanwhile. */
const RECALLED_SECONDS = 300;
const APART_MS = 10_000;
const ASK_MS = 2_000;

type Since = ReadonlyMap<string, number>;

/** Of several dashboards the first sight counts. Locks: these rows and those that go, until the statement is over. */
const write = (sql: Sql, keys: readonly string[], since: readonly number[]) => sql`
  with gone as (
    delete from standing_troubles
    where seen_at < now() - make_interval(secs => ${RECALLED_SECONDS}) and key <> all(${arrayOf(keys)}::text[])
  )
  insert into standing_troubles as last (key, since)
  select key, to_timestamp(ms / 1000) from unnest(${arrayOf(keys)}::text[], ${arrayOf(since)}::float8[]) as seen (key, ms)
  order by key
  on conflict (key) do update set seen_at = now(),
    since = case when last.seen_at < now() - make_interval(secs => ${RECALLED_SECONDS}) then excluded.since
      else least(last.since, excluded.since) end`;

/** What ended is not to be taken for what begins next. Locks: these rows, until the statement is over. */
const forget = (sql: Sql, keys: readonly string[]) =>
  sql`delete from standing_troubles where key = any(${arrayOf(keys)}::text[])`;

/** Locks: ACCESS SHARE. */
const read = (sql: Sql) => sql<{ key: string; sinceMs: number }[]>`
  select key, ${sql.unsafe(epochMs("since"))} as "sinceMs" from standing_troubles
  where seen_at >= now() - make_interval(secs => ${RECALLED_SECONDS})`;

/** Everything rejects with `Unavailable`. */
export const createTroubleTable = ({ database }: { readonly database: Database }) => ({
  read: async (): Promise<Since> =>
    new Map((await ask(database, ASK_MS, read)).map(({ key, sinceMs }) => [key, sinceMs])),
  write: async (since: Since): Promise<void> =>
    void (await ask(database, ASK_MS, (sql) => write(sql, [...since.keys()], [...since.values()]))),
  forget: async (keys: readonly string[]): Promise<void> =>
    void (await ask(database, ASK_MS, (sql) => forget(sql, keys))),
});

export type TroubleTable = ReturnType<typeof createTroubleTable>;

/**
 * Keeps since when each trouble stands beyond this process: read once, then written where troubles come or go, and ten seconds
 * apart. While Postgres does not answer this process remembers alone.
 */
export const keepTroubles = (
  table: TroubleTable,
  watch: Pick<Watch, "onLook" | "recall">,
  clock: Pick<Clock, "monotonicMs">,
): Promise<void> => {
  let isRead = false;
  let written: Since = new Map();
  let triedAtMs = Number.NEGATIVE_INFINITY;
  let isBusy = false;

  const keep = async (since: Since): Promise<void> => {
    try {
      if (!isRead) watch.recall(await table.read());
      const ended = [...written.keys()].filter((key) => !since.has(key));
      if (ended.length > 0) await table.forget(ended);
      // What is told before the first reading is younger than what it may say.
      if (isRead && since.size > 0) await table.write(since);
      if (isRead) written = since;
      isRead = true;
    } catch (error) {
      // The verdict names Postgres.
      if (!(error instanceof Unavailable)) throw error;
    }
  };

  return new Promise((resolve, reject) => {
    const stop = watch.onLook((overview) => {
      if (overview === null) {
        stop();
        return resolve();
      }
      const since = new Map(overview.troubles.map(({ key, sinceMs }) => [key, sinceMs]));
      const isSame = since.size === written.size && [...since.keys()].every((key) => written.has(key));
      if (isBusy || (isRead && isSame && clock.monotonicMs() - triedAtMs < APART_MS)) return;
      isBusy = true;
      triedAtMs = clock.monotonicMs();
      keep(since).then(() => {
        isBusy = false;
      }, reject);
    }, "record");
  });
};
