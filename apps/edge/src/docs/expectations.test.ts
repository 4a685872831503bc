import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/* The README's table of what clients expect: each row names a test that is there. */
const root = new URL("../../../../", import.meta.url);
const readme = readFileSync(new URL("apps/edge/README.md", root), "utf8");
const section = /## What clients expect\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? "";
const rows = section.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| --"));
const tested = rows.slice(1).map((row) => row.split("|").at(-2)?.trim() ?? "");

test("every row of the README's table names a test that is there", () => {
  expect(tested.length).toBeGreaterThan(30);
  for (const named of tested) {
    if (named === "–") continue;
    const [, file = "", words = ""] = /^`([^`]+)` "(.+)"$/.exec(named) ?? [];
    const path = fileURLToPath(new URL(file, root));
    expect([named, existsSync(path)]).toEqual([named, true]);
    expect(readFileSync(path, "utf8").includes(words) ? "" : `${file} has no test of: ${words}`).toBe("");
  }
});

test("each of C1 to C12 has its row", () => {
  const named = new Set(rows.flatMap((row) => [...row.matchAll(/\bC(\d+)\b/g)].map(([, number]) => Number(number))));
  expect([...named].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
});
