import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { comparisonOf } from "./alerts.ts";
import { dashboardFiles } from "./dashboards.ts";
import { edge } from "./edge.ts";
import { overview } from "./overview.ts";
import { relay } from "./relay.ts";

const folder = new URL("../../", import.meta.url);
const panels = [overview, edge, relay].flatMap(({ rows }) => Object.values(rows).flat());
const pagesOf = (panel: (typeof panels)[number]) => [panel.alert ?? [], panel.pages ?? []].flat();

test("the files are what `bun run generate` makes", () => {
  const committed = readdirSync(new URL("grafana/dashboards", folder)).map((name) => [
    name,
    readFileSync(new URL(`grafana/dashboards/${name}`, folder), "utf8"),
  ]);
  expect(Object.fromEntries(committed)).toEqual(Object.fromEntries(dashboardFiles()));
});

test("each panel says what to do, and each page of the runbook is linked from one", () => {
  expect(panels.filter(({ says }) => says.length < 8).map(({ title }) => title)).toEqual([]);
  const linked = new Set(panels.flatMap(pagesOf).map((page) => `${page}.md`));
  expect([...linked].filter((page) => !existsSync(new URL(`runbook/${page}`, folder)))).toEqual([]);
  expect([...linked].toSorted()).toEqual(readdirSync(new URL("runbook", folder)).toSorted());
});

test("a threshold is the number of its alert, and a panel that is none for its alert says one of its own", () => {
  expect(comparisonOf("SpillwayEventsWait")).toEqual({ operator: ">", limit: 60 });
  expect(comparisonOf("SpillwayIngestBudgetBurnsFast")).toEqual({ operator: ">", limit: 0.00144 });
  expect(comparisonOf("SpillwayDependencyDown")).toEqual({ operator: "==", limit: 0 });
  expect(comparisonOf("SpillwayFullSoon")).toBeNull();
  expect(() => comparisonOf("SpillwayNoSuchAlert")).toThrow("no SpillwayNoSuchAlert");
  const without = panels.filter(({ alert, redFrom }) => alert && redFrom === undefined && comparisonOf(alert) === null);
  expect(without.map(({ title }) => title)).toEqual([]);
});
