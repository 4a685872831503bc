import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { providePrometheus, runCommand } from "@spillway/backends";
import { expect, test } from "vitest";
import { readMetricRows } from "./metrics-table.ts";
import { alertsWithMetrics, hastenedRules, readRules, rulesFile, telemetryFolder } from "./rules.ts";

const alerts = readRules().filter(({ alert }) => alert !== undefined);
const names = alerts.map(({ alert = "" }) => alert);
const unitTests = readFileSync(`${telemetryFolder}/alerts/spillway.rules.test.yml`, "utf8");
const promtool = async (...args: readonly string[]) => runCommand((await providePrometheus()).promtool, args);

test("promtool finds the rules sound, also when a test hastens them", async () => {
  const { code, output } = await promtool("check", "rules", "--lint=all", "--lint-fatal", rulesFile);
  expect(output).toMatch(/^Checking .*\n {2}SUCCESS: \d+ rules found\n*$/);
  expect(code).toBe(0);
  const folder = mkdtempSync(`${tmpdir()}/spillway-rules-`);
  writeFileSync(`${folder}/hastened.yml`, hastenedRules());
  expect(await promtool("check", "rules", `${folder}/hastened.yml`)).toMatchObject({ code: 0 });
  rmSync(folder, { recursive: true });
});

test("each alert fires when it has to and not before, nor afterwards: promtool test rules", async () => {
  const { code, output } = await promtool("test", "rules", `${telemetryFolder}/alerts/spillway.rules.test.yml`);
  expect(output.replace(/^Unit Testing:.*\n/, "").trim()).toBe("SUCCESS");
  expect(code).toBe(0);
}, 400_000);

test.each(names)(
  "%s is in the unit tests, has a severity, and a page of the runbook with all that a page has",
  (name) => {
    expect(unitTests).toContain(`alertname="${name}"`);
    const rule = alerts.find(({ alert }) => alert === name);
    expect(rule?.labels?.severity).toMatch(/^(page|ticket)$/);
    expect(rule?.annotations?.runbook).toBe(`runbook/${name}.md`);
    const page = readFileSync(`${telemetryFolder}/runbook/${name}.md`, "utf8");
    expect(page).toMatch(new RegExp(`^# ${name}: `));
    expect(page.match(/^## .*$/gm)).toEqual([
      "## What it looks like",
      "## What it means for the promises",
      "## What to do",
      "## How to see that it is over",
    ]);
  },
);

test("each page of the runbook has its alert, and each number that it names is in the table of metrics", () => {
  const pages = readdirSync(`${telemetryFolder}/runbook`);
  expect(pages.toSorted()).toEqual(names.map((name) => `${name}.md`).toSorted());
  const known = new Set(readMetricRows().map(({ name }) => name));
  const unknown = pages.flatMap((page) => {
    const text = readFileSync(`${telemetryFolder}/runbook/${page}`, "utf8");
    const named = [...text.matchAll(/(spillway_\w+?)(?:_bucket)?\b/g)].map(([, metric = ""]) => metric);
    return named.filter((metric) => !known.has(metric)).map((metric) => `${page} names ${metric}`);
  });
  expect(unknown).toEqual([]);
});

test("the table of metrics says of each which alerts use it", () => {
  const inRules = [...alertsWithMetrics()].flatMap(([alert, metrics]) =>
    [...metrics].map((metric) => `${metric} ${alert}`),
  );
  const inTable = readMetricRows().flatMap(({ name, alerts }) => alerts.map((alert) => `${name} ${alert}`));
  expect(inTable.toSorted()).toEqual(inRules.toSorted());
});
