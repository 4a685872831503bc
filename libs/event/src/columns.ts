import { DIGEST96_LENGTH } from "./platform.ts";

/** What a chunk's body is: a column per attribute, each with a value for every event. */
export type Columns = [
  receivedAtMs: number,
  types: string[],
  partitionKeys: (string | null)[],
  traceparents: (string | null)[],
  replays: number[],
  identities: string,
  lengths: number[],
  data: Uint8Array,
  laterMs?: readonly number[] | null,
  /** Absent when no event has one; who does not know of it reads the rest. */
  tracestates?: readonly (string | null)[] | null,
];

/** Up to `data`, which every writer has written. */
export const COLUMNS_MIN = 8;
/** The year 5138: what is above is no time of ingest, and neither Kafka nor Postgres takes any number. */
const TIME_MS_MAX = 1e14;
/** What the dead letters' column holds, and one more. */
const REPLAY_MAX = 2 ** 31 - 2;
const IDENTITIES = /^[\w-]*$/;

type BadColumn = keyof typeof checks;

const isWhole = (value: unknown, max: number): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;

const isText = (value: unknown): boolean => typeof value === "string";
const isTextOrNull = (value: unknown): boolean => value === null || typeof value === "string";

const isColumn = (column: unknown, events: number, isValue: (value: unknown) => boolean): boolean =>
  Array.isArray(column) && column.length === events && column.every(isValue);

const isAbsent = (column: unknown): boolean => column === undefined || column === null;

const addUp = (lengths: unknown, data: unknown): boolean => {
  let sum = 0;
  for (const length of lengths as number[]) sum += length;
  return sum === (data as Uint8Array).length;
};

/** In this order, each relying on those before it. */
const checks = {
  receivedAtMs: ([receivedAtMs]) => isWhole(receivedAtMs, TIME_MS_MAX),
  types: ([, types], events) => events > 0 && isColumn(types, events, isText),
  partitionKeys: ([, , keys], events) => isColumn(keys, events, isTextOrNull),
  traceparents: ([, , , traceparents], events) => isColumn(traceparents, events, isTextOrNull),
  replays: ([, , , , replays], events) => isColumn(replays, events, (replay) => isWhole(replay, REPLAY_MAX)),
  identities: ([, , , , , identities], events) =>
    typeof identities === "string" && identities.length === events * DIGEST96_LENGTH && IDENTITIES.test(identities),
  data: ([, , , , , , , data]) => data instanceof Uint8Array,
  lengths: ([, , , , , , lengths, data], events) =>
    isColumn(lengths, events, (length) => isWhole(length, (data as Uint8Array).length)) && addUp(lengths, data),
  laterMs: ([receivedAtMs, , , , , , , , later], events) =>
    isAbsent(later) || isColumn(later, events, (ms) => isWhole(ms, TIME_MS_MAX - (receivedAtMs as number))),
  tracestates: ([, , , , , , , , , tracestates], events) =>
    isAbsent(tracestates) || isColumn(tracestates, events, isTextOrNull),
} as const satisfies Record<string, (columns: readonly unknown[], events: number) => boolean>;

const checkList = Object.entries(checks) as [BadColumn, (columns: readonly unknown[], events: number) => boolean][];

/**
 * The name of the first column that is not what it has to be, or null. A checksum says that a chunk is what its writer wrote,
 * not that its writer was right: one with a number among its types ended every relay in turn, and one with a number among its
 * keys was sent to Kafka for ever. So each column is looked at once, before anybody relies on it (V4).
 */
export const badColumnOf = (body: readonly unknown[]): BadColumn | null => {
  const types: unknown = body[1];
  const events = Array.isArray(types) ? types.length : 0;
  for (const [name, isRight] of checkList) if (!isRight(body, events)) return name;
  return null;
};
