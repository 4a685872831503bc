import type { DeadLetterClass } from "@spillway/event";
import { arrayOf, epochMs } from "@spillway/postgres";
import type { Sql } from "postgres";
import type { LetterGroup } from "./filter.ts";
import { statusIs } from "./letter.ts";

/** Waiting letters that died of one thing. */
export type GroupCount = LetterGroup & {
  /** The same for as long as there is the group. */
  readonly key: string;
  readonly letters: number;
  /** There are more than were counted. */
  readonly capped: boolean;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** How many of the counted died on each of the last seven days of 24 hours, the oldest first. */
  readonly days: readonly number[];
  /** Of the newest one. */
  readonly sampleId: string;
  readonly detail: string;
};

/** Groups with the most letters first. `more`: there are more groups than are shown. */
export type LetterGroups = { readonly groups: readonly GroupCount[]; readonly more: boolean };

export const GROUPS_MAX = 100;
const DAYS = 7;
/** Index rows of all groups together: a third of a second of them, which is why nobody who waits for a page asks for it. */
const COUNTED_MAX = 1_000_000;

/** Jumps from group to group in their partial index, whatever they hold. Locks: ACCESS SHARE. */
const groupKeys = (sql: Sql) => sql<{ key: string }[]>`
  with recursive jumps as (
    (select group_key as key from dead_letters where ${sql.unsafe(statusIs.waiting)} order by group_key limit 1)
    union all
    select (select group_key from dead_letters where ${sql.unsafe(statusIs.waiting)} and group_key > jumps.key
      order by group_key limit 1) from jumps where jumps.key is not null
  )
  select key from jumps where key is not null limit ${GROUPS_MAX + 1}`;

type GroupRow = Omit<GroupCount, "deadLetterClass" | "capped"> & { readonly class: DeadLetterClass };

/** Locks: ACCESS SHARE. */
const countWaiting = (sql: Sql, countedMax: number) => sql<{ letters: number }[]>`
  select count(*)::int as letters from (
    select from dead_letters where ${sql.unsafe(statusIs.waiting)} limit ${countedMax + 1}
  ) as waiting`;

/** Of days of 24 hours that end now, the oldest first; `day` is when one begins. In hours, since a day of a time zone may have 23. */
const dayColumns = Array.from(
  { length: DAYS },
  (_, i) => `coalesce(sum(letters) filter (where day = now() - interval '${24 * (DAYS - i)} hours'), 0)::int`,
).join(", ");

/** Counts at most so many of each in the index alone. Locks: ACCESS SHARE. */
const countGroups = (sql: Sql, keys: readonly string[], countMax: number) => sql<GroupRow[]>`
  select wanted.key, newest.*, counted.letters, counted.days, ${sql.unsafe(epochMs("oldest.created_at"))} as "firstAtMs"
  from unnest(${arrayOf(keys)}::bigint[]) as wanted (key)
  cross join lateral (
    select id as "sampleId", class, code, topic, type, detail, ${sql.unsafe(epochMs("created_at"))} as "lastAtMs"
    from dead_letters where ${sql.unsafe(statusIs.waiting)} and group_key = key order by id desc limit 1
  ) as newest
  cross join lateral (
    select created_at from dead_letters where ${sql.unsafe(statusIs.waiting)} and group_key = key order by id limit 1
  ) as oldest
  cross join lateral (
    select sum(letters)::int as letters, json_build_array(${sql.unsafe(dayColumns)}) as days from (
      -- By day first: seven conditions on each letter took eight times as long as the count.
      select date_bin('24 hours', created_at, now()) as day, count(*) as letters from (
        select created_at from dead_letters where ${sql.unsafe(statusIs.waiting)} and group_key = key
        order by id desc limit ${countMax + 1}
      ) as newest_of_it group by day
    ) as per_day
  ) as counted`;

/** What waits, by what it died of: exactly, where that is no more than `COUNTED_MAX`. `run` asks one statement. */
export const readGroups = async (
  run: <T>(query: (sql: Sql) => PromiseLike<T>) => Promise<T>,
  countedMax = COUNTED_MAX,
): Promise<LetterGroups> => {
  const found = await run(groupKeys);
  const keys = found.slice(0, GROUPS_MAX).map(({ key }) => key);
  if (keys.length === 0) return { groups: [], more: false };
  const [waiting] = await run((sql) => countWaiting(sql, countedMax));
  const isAll = waiting !== undefined && waiting.letters <= countedMax;
  const countMax = isAll ? countedMax : Math.floor(countedMax / keys.length);
  const rows = await run((sql) => countGroups(sql, keys, countMax));
  const groups = rows.map(({ class: deadLetterClass, letters, ...row }) => ({
    ...row,
    deadLetterClass,
    letters: Math.min(letters, countMax),
    capped: letters > countMax,
  }));
  return { groups: groups.sort((a, b) => b.letters - a.letters), more: found.length > GROUPS_MAX };
};
