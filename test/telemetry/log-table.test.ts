import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Glob } from "bun";
import { expect, test } from "vitest";
import { type LogRow, readLogRows } from "./log-table.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const rows = readLogRows();

/** A call of the port `Log` as it stands in the code. */
type Call = {
  readonly at: string;
  readonly levels: readonly string[];
  /** Names, or patterns of those that are put together. */
  readonly events: readonly RegExp[];
  readonly fields: readonly string[];
  /** Some of the fields are another value's. */
  readonly isOpen: boolean;
};

const literals = (text: string): readonly string[] => [...text.matchAll(/"([^"]*)"/g)].map(([, value = ""]) => value);

/** The texts of a union type. */
const textsOf = (file: string, type: string): string =>
  literals(new RegExp(`type ${type} =([^;]*);`).exec(readFileSync(`${root}${file}`, "utf8"))?.[1] ?? "").join("|");

const spots = textsOf("apps/relay/src/troubles.ts", "SpotName");
/** What is put into names. */
const parts: Readonly<Record<string, string>> = {
  "one.name": spots,
  name: spots,
  "one.state": textsOf("apps/relay/src/troubles.ts", "TroubleState"),
};

/** `promise.${now.state}` is any name that begins so. */
const patternsOf = (written: string): readonly RegExp[] => {
  const [, template] = /^`(.*)`$/.exec(written) ?? [];
  const texts = template === undefined ? literals(written.replace(/^.*\? "/, '"')) : [template];
  return texts.map(
    (text) =>
      new RegExp(
        `^${text.replaceAll(".", "\\.").replace(/\$\{([^}]*)\}/g, (_, part) => `(?:${parts[part.replace("\\", "")] ?? "[a-z]+"})`)}$`,
      ),
  );
};

const fieldsOf = (written: string): Pick<Call, "fields" | "isOpen"> => {
  const inside = /^\{(.*)\}$/.exec(written.trim())?.[1];
  if (inside === undefined) return { fields: [], isOpen: written.trim() !== "" };
  const parts = inside.split(/,(?![^(]*\))/).map((part) => part.trim());
  const isSpread = (part: string) => part.startsWith("...");
  const named = parts.filter((part) => part !== "" && !isSpread(part));
  return { fields: named.map((part) => part.split(":")[0] ?? ""), isOpen: parts.some(isSpread) };
};

const CALL =
  /\blog\(\s*((?:[^,()]|\([^()]*\))+?),\s*(`[^`]*`|(?:up \? )?"[^"]+"(?: : "[^"]+")?)\s*(?:,\s*(\{[^}]*\}|\w+(?:\.\w+)?))?,?\s*\)/g;
/** The console is a Worker's way to write a line; a logarithm is none. */
const ANY_CALL = /(?<!(?:console|Math)\.)\blog\(\s*[^)\s]/g;

const sources = [...new Glob("{apps,libs}/*/src/**/*.{ts,tsx}").scanSync({ cwd: root })]
  .filter((file) => !/\.(test|fixture)\.tsx?$/.test(file))
  // A log of its own, for the development's terminal, and not the port.
  .filter((file) => !/^libs\/(redis-rest|devstack|backends)\//.test(file));

const calls = sources.flatMap((file): readonly Call[] =>
  [...readFileSync(`${root}${file}`, "utf8").matchAll(CALL)].map(([, level = "", event = "", fields = ""]) => ({
    at: `${file}: ${event}`,
    levels: literals(level.replace(/^.*\? /, "")),
    events: patternsOf(event),
    ...fieldsOf(fields),
  })),
);

const isOf = ({ events }: Call, { event }: LogRow): boolean => events.some((pattern) => pattern.test(event));

test("each call in the code is read", () => {
  const there = sources.map((file) => readFileSync(`${root}${file}`, "utf8").match(ANY_CALL)?.length ?? 0);
  expect(calls).toHaveLength(there.reduce((sum, count) => sum + count, 0));
  expect(calls.length).toBeGreaterThan(40);
  expect(calls.filter(({ levels, events }) => levels.length === 0 || events.length === 0)).toEqual([]);
});

test("each call is in the table, with its level and its fields", () => {
  const wrong = calls.flatMap((call) => {
    const own = rows.filter((row) => isOf(call, row));
    const levels = new Set(own.flatMap((row) => row.levels));
    const isTold = call.events.every((pattern) => own.some(({ event }) => pattern.test(event)));
    const isRight = own.every((row) =>
      call.isOpen
        ? row.fields.includes("config") || call.fields.every((name) => row.fields.includes(name))
        : call.fields.toSorted().join() === row.fields.toSorted().join(),
    );
    return isTold && isRight && call.levels.every((level) => levels.has(level)) ? [] : [call];
  });
  expect(wrong).toEqual([]);
});

test("the table has no event that is in no call, none twice, and each has an app, a level that a call has, and a meaning", () => {
  const made = (row: LogRow) => calls.filter((call) => isOf(call, row));
  expect(rows.filter((row) => made(row).length === 0)).toEqual([]);
  expect(
    rows.filter((row) => !row.levels.every((level) => made(row).some(({ levels }) => levels.includes(level)))),
  ).toEqual([]);
  expect(new Set(rows.map(({ event }) => event)).size).toBe(rows.length);
  expect(rows.filter(({ apps, levels, meaning }) => apps.length * levels.length * meaning.length === 0)).toEqual([]);
});

test("what stands still, is given up or is left alone is told with its code", () => {
  const ofStops =
    /^(lane|topic|shard|relay|lease|breaker|dependency|keeper)\.(?!recovered|taken|shed|reshaped|opened|closed|up|available)/;
  const stops = rows.filter(({ event }) => ofStops.test(event) || event === "breaker.opened");
  expect(stops.length).toBeGreaterThan(15);
  expect(stops.filter(({ fields }) => !fields.includes("code"))).toEqual([]);
});
