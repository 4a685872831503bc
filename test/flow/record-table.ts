import { readFileSync } from "node:fs";

/** What is said of the parts of a record in libs/kafka/README.md: of which records each is, and its constant, where it has one. */
export type PartRow = {
  readonly part: string;
  readonly of: readonly string[];
  readonly constant: string | null;
};

/** What is said there of an event that came a certain way. */
export type WayRow = { readonly way: string; readonly attempt: string; readonly time: string };

const readme = readFileSync(new URL("../../libs/kafka/README.md", import.meta.url), "utf8");
const section = readme.split("## The record, as a consumer finds it")[1]?.split("\n## ")[0] ?? "";
const [parts = [], ways = []] = section
  .split("\n\n")
  .filter((block) => block.startsWith("| "))
  .map((table) =>
    table
      .trim()
      .split("\n")
      .slice(2)
      .map((line) => line.split("|").map((cell) => cell.trim())),
  );

/** Without its backticks; null where it is something else than one literal. */
const literal = (cell: string): string | null => /^`([^`]+)`$/.exec(cell)?.[1] ?? null;

export const partRows: readonly PartRow[] = parts.map(([, part = "", of = "", what = ""]) => ({
  part: part.replaceAll("`", ""),
  of: of.split(", "),
  constant: literal(what),
}));

export const wayRows: readonly WayRow[] = ways.map(([, way = "", attempt = "", time = ""]) => ({
  way,
  attempt: literal(attempt) ?? "",
  time,
}));
