import type { DeadLetterClass, LetterStatus } from "@spillway/event";
import { arrayOf } from "@spillway/postgres";
import type { Sql } from "postgres";
import { statusIs } from "./letter.ts";

/** Letters by what they are. A null is looked for as one: a whole chunk has no topic and no type. */
export type LetterFilter = {
  readonly status?: LetterStatus;
  readonly deadLetterClass?: DeadLetterClass;
  readonly code?: string;
  readonly topic?: string | null;
  /** The whole type of the event, as the key, the source and the id. */
  readonly type?: string | null;
  readonly partitionKey?: string;
  readonly source?: string;
  readonly eventId?: string;
  /** Died at this time or after it, in ms since 1970. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** A part of the detail, the type, the source, the id or the key, in any case. */
  readonly text?: string;
  /** No letter that came after this one. */
  readonly throughId?: string;
};

/** Of letters that an operator decides together. */
export type LetterGroup = {
  readonly deadLetterClass: DeadLetterClass;
  readonly code: string;
  readonly topic: string | null;
  readonly type: string | null;
};

/** How far ids and times of death may be out of order: a statement that inserts takes no longer. */
const DISORDER = "interval '1 minute'";

/** The index that leads to the letters: an expression that it begins with, and its value. It ends with the id. */
export type Lookup = {
  readonly column: string;
  readonly value: (sql: Sql) => ReturnType<Sql>;
  readonly covers: readonly (keyof LetterFilter)[];
};

const hashOf = (name: keyof LetterFilter, column: string, text: string): Lookup => ({
  column: `hashtextextended(${column}, 0)`,
  value: (sql) => sql`hashtextextended(${text}, 0)`,
  covers: [name],
});

/** As the column `group_key` is made. */
const groupOf = ({ deadLetterClass, code, topic, type, status }: LetterFilter): Lookup | null => {
  if (deadLetterClass === undefined || code === undefined || topic === undefined || type === undefined) return null;
  const names = [deadLetterClass, code, topic ?? "", type ?? ""];
  return {
    column: "group_key",
    value: (sql) => sql`hashtextextended(array_to_string(${arrayOf(names)}::text[], chr(31)), 0)`,
    covers: ["deadLetterClass", "code", "topic", "type", ...(status === "waiting" ? (["status"] as const) : [])],
  };
};

/** The index that is likely to lead to the fewest. Null: the ids themselves, those of one status if one is asked for. */
export const lookupOf = (filter: LetterFilter): Lookup | null => {
  const { eventId, partitionKey, type, deadLetterClass } = filter;
  if (eventId !== undefined) return hashOf("eventId", "event_id", eventId);
  if (partitionKey !== undefined) return hashOf("partitionKey", "partition_key", partitionKey);
  const group = groupOf(filter);
  if (group !== null) return group;
  if (typeof type === "string") return hashOf("type", "type", type);
  if (deadLetterClass === undefined) return null;
  return { column: "class", value: (sql) => sql`${deadLetterClass}::text`, covers: ["deadLetterClass"] };
};

const RANGES: readonly (keyof LetterFilter)[] = ["sinceMs", "untilMs", "throughId"];

/** Whether few of the letters that the index leads to may be the ones: they are then looked through a part at a time. */
export const isSearch = (filter: LetterFilter): boolean => {
  const covered = new Set([...(lookupOf(filter)?.covers ?? ["status"]), ...RANGES]);
  return Object.entries(filter).some(
    ([name, value]) => value !== undefined && !covered.has(name as keyof LetterFilter),
  );
};

const equal = (sql: Sql, column: string, value: string | null | undefined) =>
  value === undefined ? sql`` : sql`and ${sql.unsafe(column)} is not distinct from ${value}::text`;

const at = (ms: number) => new Date(ms).toISOString();

/** The part of a time that ids tell: above the last letter that is surely too old, below the first that is surely too young. */
const between = (sql: Sql, { sinceMs, untilMs }: LetterFilter) => sql`
  ${
    sinceMs === undefined
      ? sql``
      : sql`and id > coalesce((select id from dead_letters
          where created_at < ${at(sinceMs)}::timestamptz - ${sql.unsafe(DISORDER)} order by created_at desc, id desc limit 1), 0)`
  }
  ${
    untilMs === undefined
      ? sql``
      : sql`and id < coalesce((select id from dead_letters
          where created_at > ${at(untilMs)}::timestamptz + ${sql.unsafe(DISORDER)} order by created_at, id limit 1), 9223372036854775807)`
  }`;

/**
 * What an index answers. A range of one value, and no equality: where the order is by that value and the id, the planner has
 * this one index for it. With an equality it takes that of the ids, too, and reads all letters that came after the last one of a type.
 */
export const indexed = (sql: Sql, filter: LetterFilter) => {
  const { status, throughId } = filter;
  const lookup = lookupOf(filter);
  const isPart = status !== undefined && (lookup === null || lookup.covers.includes("status"));
  return sql`
    ${isPart ? sql`and ${sql.unsafe(statusIs[status])}` : sql``}
    ${
      lookup === null
        ? sql``
        : sql`and ${sql.unsafe(lookup.column)} >= ${lookup.value(sql)} and ${sql.unsafe(lookup.column)} <= ${lookup.value(sql)}`
    }
    ${between(sql, filter)}
    ${throughId === undefined ? sql`` : sql`and id <= ${throughId}`}`;
};

/**
 * What each letter that an index led to is looked at for: written so that no index is for it. The planner would take one that is, such as that
 * of all that were replayed, and where no letter has both read it to its end: 65,000 blocks of a million letters, and not the 10,000 of a type.
 */
export const looked = (sql: Sql, filter: LetterFilter) => {
  const { status, sinceMs, untilMs, text } = filter;
  return sql`
    ${status === undefined ? sql`` : sql`and (${sql.unsafe(statusIs[status])}) is not distinct from true`}
    ${equal(sql, "class", filter.deadLetterClass)}
    ${equal(sql, "code", filter.code)}
    ${equal(sql, "topic", filter.topic)}
    ${equal(sql, "type", filter.type)}
    ${equal(sql, "partition_key", filter.partitionKey)}
    ${equal(sql, "source", filter.source)}
    ${equal(sql, "event_id", filter.eventId)}
    ${sinceMs === undefined ? sql`` : sql`and created_at + interval '0' >= ${at(sinceMs)}::timestamptz`}
    ${untilMs === undefined ? sql`` : sql`and created_at + interval '0' <= ${at(untilMs)}::timestamptz`}
    ${
      text === undefined
        ? sql``
        : sql`and position(lower(${text}) in lower(concat_ws(' ', detail, type, source, event_id, partition_key))) > 0`
    }`;
};
