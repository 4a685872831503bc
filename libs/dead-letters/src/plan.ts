import { type LetterRefusal, REPLAYS_MAX } from "@spillway/event";
import type { Sql } from "postgres";
import { indexed, type LetterFilter, looked } from "./filter.ts";

/** What a job over a filter would do, as of now. */
export type Plan = {
  readonly letters: number;
  /** There are more than were counted. */
  readonly capped: boolean;
  /** Of those counted, what a replay leaves as it is. */
  readonly skipped: Readonly<Partial<Record<LetterRefusal["code"], number>>>;
  /** The newest letter of all: what comes later is not decided. */
  readonly throughId: string;
};

/** Letters that a plan counts: a page waits for it, and each is looked at. */
export const PLANNED_MAX = 10_000;

type PlanRow = {
  readonly letters: number;
  readonly undecodable: number;
  readonly often: number;
  readonly unnamed: number;
  readonly through: string | null;
};

const NAMED = "length(dedup_key) = 16 and source is not null and event_id is not null";

/** Asks what `replayRefusalOf` asks, in its order, of letters before `end`. Locks: ACCESS SHARE. */
export const countPlan = (sql: Sql, filter: LetterFilter, end: string | null) => sql<PlanRow[]>`
  select count(*)::int as letters,
    (count(*) filter (where index < 0))::int as undecodable,
    (count(*) filter (where index >= 0 and replay >= ${REPLAYS_MAX}))::int as often,
    (count(*) filter (where index >= 0 and replay < ${REPLAYS_MAX} and (${sql.unsafe(NAMED)}) is not true))::int as unnamed,
    (select id from dead_letters order by id desc limit 1) as through
  from (
    select index, replay, dedup_key, source, event_id from dead_letters
    where true ${indexed(sql, filter)} ${looked(sql, filter)}
      ${end === null ? sql`` : sql`and id < ${end}`} limit ${PLANNED_MAX + 1}
  ) as planned`;

const positive = (skipped: Plan["skipped"]): Plan["skipped"] =>
  Object.fromEntries(Object.entries(skipped).filter(([, count]) => count > 0));

export const planOf = (row: PlanRow, isPart: boolean): Plan => ({
  letters: Math.min(row.letters, PLANNED_MAX),
  capped: isPart || row.letters > PLANNED_MAX,
  skipped: positive({ undecodable: row.undecodable, replayed_too_often: row.often, no_identity: row.unnamed }),
  throughId: row.through ?? "0",
});
