import type { LetterFilter } from "@spillway/dead-letters";

/** A filter as it stands in the address: what was asked, what it means now, and what of it cannot be read. */
export type Query = {
  /** As it was typed, for the form and for links. */
  readonly fields: Readonly<Partial<Record<FieldName, string>>>;
  readonly filter: LetterFilter;
  /** When relative times were read. */
  readonly atMs: number;
  /** One sentence each. */
  readonly problems: readonly string[];
};

export const FIELDS = [
  "status",
  "class",
  "code",
  "topic",
  "type",
  "key",
  "source",
  "id",
  "since",
  "until",
  "q",
  "no",
] as const;
export type FieldName = (typeof FIELDS)[number];

export const STATUSES = ["waiting", "replayed", "discarded", "any"] as const;
export const CLASSES = ["oversize", "rejected", "poison", "undecodable"] as const;

const TEXT_LENGTH_MAX = 1_024;
const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time: `15m`, `2h`, `7d` ago, or as ISO 8601 has it, in UTC where it names no zone. Null: neither. */
export const timeOf = (text: string, nowMs: number): number | null => {
  const relative = /^(\d{1,5})\s*([smhd])$/.exec(text);
  if (relative !== null) return nowMs - Number(relative[1]) * (UNITS_MS[relative[2] ?? ""] ?? 0);
  if (!/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(text)) return null;
  const isZoned = /(Z|[+-]\d\d:?\d\d)$/.test(text.slice(10));
  const ms = Date.parse(text.length === 10 || isZoned ? text : `${text}Z`);
  return Number.isNaN(ms) ? null : ms;
};

const oneOf = <T extends string>(words: readonly T[], text: string | undefined): T | undefined =>
  words.find((word) => word === text);

const without = <T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;

type Fields = Query["fields"];

const problemsOf = (fields: Fields, nowMs: number): string[] => {
  const { status, class: kind, since, until, no } = fields;
  const problems: string[] = [];
  if (status !== undefined && !oneOf(STATUSES, status)) problems.push(`A state is ${STATUSES.join(", ")}.`);
  if (kind !== undefined && !oneOf(CLASSES, kind)) problems.push(`A class is ${CLASSES.join(", ")}.`);
  for (const time of [since, until])
    if (time !== undefined && timeOf(time, nowMs) === null)
      problems.push(`${JSON.stringify(time.slice(0, 40))} is no time: write 15m, 2h, 7d, or 2026-11-30 02:14 in UTC.`);
  if (no?.split(",").some((name) => name !== "topic" && name !== "type"))
    problems.push("Only a topic and a type can be absent.");
  for (const [name, text] of Object.entries(fields))
    if (text.length > TEXT_LENGTH_MAX || /\p{Cc}/u.test(text))
      problems.push(`What is asked for as ${name} cannot be one.`);
  return problems;
};

/** Reads it. What cannot be read is not asked for, and told. */
export const readQuery = (params: URLSearchParams, nowMs: number): Query => {
  const fields: Fields = without(
    Object.fromEntries(FIELDS.map((name) => [name, params.get(name)?.trim() || undefined])) as Record<
      FieldName,
      string | undefined
    >,
  );
  const problems = problemsOf(fields, nowMs);
  if (problems.length > 0) return { fields, filter: {}, atMs: nowMs, problems };
  const { code, key, source, id, since, until, q, no = "" } = fields;
  const status = oneOf(STATUSES, fields.status) ?? "waiting";
  const filter: LetterFilter = without({
    status: status === "any" ? undefined : status,
    deadLetterClass: oneOf(CLASSES, fields.class),
    code,
    topic: no.includes("topic") ? null : fields.topic,
    type: no.includes("type") ? null : fields.type,
    partitionKey: key,
    source,
    eventId: id,
    sinceMs: since === undefined ? undefined : (timeOf(since, nowMs) ?? undefined),
    untilMs: until === undefined ? undefined : (timeOf(until, nowMs) ?? undefined),
    text: q,
  });
  return { fields, filter, atMs: nowMs, problems };
};

/** The address of a filter, with what else stands in it; in one order, so that one filter has one address. */
export const queryString = (fields: Fields, more: Readonly<Record<string, string | null>> = {}): string => {
  const params = new URLSearchParams();
  for (const name of FIELDS) if (fields[name]) params.set(name, fields[name]);
  for (const [name, value] of Object.entries(more)) if (value !== null) params.set(name, value);
  return params.size === 0 ? "" : `?${params}`;
};

/** Longer addresses stand in no list, where they would be fifty times: what they lead to has a shorter one, or goes without. */
export const ADDRESS_LENGTH_MAX = 300;

/** Of one group. */
export const groupFields = (group: {
  readonly deadLetterClass: string;
  readonly code: string;
  readonly topic: string | null;
  readonly type: string | null;
}): Fields => {
  const no = (["topic", "type"] as const).filter((name) => group[name] === null);
  return without({
    class: group.deadLetterClass,
    code: group.code,
    topic: group.topic ?? undefined,
    type: group.type ?? undefined,
    no: no.length === 0 ? undefined : no.join(","),
  });
};
