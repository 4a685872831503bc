import { readFileSync } from "node:fs";

/** A row of the table of log events in the README of libs/telemetry. */
export type LogRow = {
  readonly event: string;
  readonly apps: readonly string[];
  readonly levels: readonly string[];
  readonly fields: readonly string[];
  readonly meaning: string;
};

const words = (cell: string): readonly string[] =>
  cell
    .replaceAll("`", "")
    .split(/\s+/)
    .filter((word) => word !== "" && word !== "–");

export const readLogRows = (): readonly LogRow[] => {
  const readme = readFileSync(new URL("../../libs/telemetry/README.md", import.meta.url), "utf8");
  const lines = (readme.split("\n## Logs\n")[1]?.split("\n## ")[0] ?? "")
    .split("\n")
    .filter((line) => /^\| `/.test(line));
  return lines.flatMap((line) => {
    const [, events = "", apps = "", levels = "", fields = "", meaning = ""] = line
      .split("|")
      .map((cell) => cell.trim());
    const row = { apps: words(apps), levels: words(levels), fields: words(fields), meaning };
    return words(events).map((event) => ({ event, ...row }));
  });
};
