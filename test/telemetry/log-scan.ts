import { DASHBOARD_PASSWORD } from "../support/dashboard.ts";
import { KEY, REST_TOKEN } from "../support/world.ts";
import { readLogRows } from "./log-table.ts";

/** What may be in no log: of what was posted, and of what opens a door. Each with a name to call it by. */
export type Forbidden = Readonly<Record<string, RegExp | string>>;

/** Of the tests' own stack. */
export const secrets: Forbidden = {
  "the key": KEY,
  "a key": /key-of-the-/,
  "the REST server's token": REST_TOKEN,
  "the dashboard's password": DASHBOARD_PASSWORD,
  "a URL with a password": /:\/\/[^\s"/@]*:[^\s"/@*][^\s"/@]*@/,
};

type Line = {
  readonly level: string;
  readonly message: string;
  readonly logger: string;
  readonly properties: Readonly<Record<string, unknown>>;
};

const rows = new Map(readLogRows().map((row) => [row.event, row]));
/** Of any line: what the log itself may add. */
const OF_THE_LOG = "suppressed";
/** Its fields are the settings. */
const ANY_FIELDS = "config";

const levelOf = (level: string): string => (level === "WARNING" ? "warn" : level.toLowerCase());

const parsed = (line: string): Line | null => {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return null;
  }
};

/** Why a line is none of the table's, or null. */
const strange = (line: string): string | null => {
  const told = parsed(line);
  if (told === null) return "a line that is no JSON";
  const row = rows.get(told.message);
  if (!row) return `${told.message}, which is not in the table`;
  const app = told.logger.replace("spillway.", "");
  if (!row.apps.includes(app)) return `${told.message} of the ${app}`;
  if (!row.levels.includes(levelOf(told.level))) return `${told.message} as ${told.level}`;
  const known = (name: string) => row.fields.includes(name) || name === OF_THE_LOG;
  const more = row.fields.includes(ANY_FIELDS) ? [] : Object.keys(told.properties).filter((name) => !known(name));
  return more.length === 0 ? null : `${told.message} with ${more.join()}`;
};

const encodings = (text: string): readonly string[] => [
  text,
  encodeURIComponent(text),
  JSON.stringify(text).slice(1, -1),
  Buffer.from(text).toString("hex"),
  // What base64 makes of it wherever in a longer text it begins, but for what its neighbours change.
  ...[0, 1, 2].map((before) =>
    Buffer.from(" ".repeat(before) + text)
      .toString("base64")
      .slice(4, -4),
  ),
];

const isIn = (log: string, what: RegExp | string): boolean =>
  typeof what === "string" ? encodings(what).some((each) => log.includes(each)) : what.test(log);

/** What is forbidden and stands in the log in any of its usual writings; it is named, not repeated. */
export const leaksIn = (log: string, forbidden: Forbidden): string[] =>
  Object.entries(forbidden)
    .filter(([, what]) => isIn(log, what))
    .map(([name]) => name);

/** The same of an app's log, whose lines must also be those of the table in libs/telemetry: event, app, level and fields. */
export const faultsIn = (log: string, forbidden: Forbidden): string[] => {
  const strangers = log.split("\n").flatMap((line) => (line === "" ? [] : (strange(line) ?? [])));
  return [...leaksIn(log, forbidden), ...new Set(strangers)];
};
