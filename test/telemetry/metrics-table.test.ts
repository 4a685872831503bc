import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createMetricsSpy } from "@spillway/telemetry/metrics-spy";
import { Glob } from "bun";
import { expect, test } from "vitest";
import { type AppName, appNames, apps } from "./apps.ts";
import { readMetricRows } from "./metrics-table.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const rows = readMetricRows();

const declaredBy = async (app: AppName) => {
  const spy = createMetricsSpy();
  await apps[app](spy);
  return spy.declared();
};

const line = (name: string, type: string, labels: readonly string[]) =>
  `${name} ${type} {${[...labels].sort().join()}}`;

test.each(appNames)("the table has each metric of the %s, with its type and its labels, and no other", async (app) => {
  const declared = await declaredBy(app);
  const told = rows.filter((row) => row.apps.includes(app));
  const inTable = told.map(({ name, type, labels }) => line(name, type, labels));
  expect(inTable.toSorted()).toEqual(declared.map(({ name, type, labels }) => line(name, type, labels)).toSorted());
});

test("the table has each metric that any source makes, once, with a unit and a meaning", () => {
  const sources = [...new Glob("{apps,libs}/*/src/**/*.{ts,tsx}").scanSync({ cwd: root })];
  const made = sources
    .filter((file) => !/\.test\.tsx?$/.test(file))
    .flatMap((file) => [
      ...readFileSync(`${root}${file}`, "utf8").matchAll(/\.(?:counter|total|gauge|histogram)\(\s*"(\w+)"/g),
    ])
    .map(([, name = ""]) => name);
  expect([...new Set(made)].toSorted()).toEqual(rows.map(({ name }) => name).toSorted());
  expect(rows.filter(({ unit, meaning }) => unit === "" || meaning === "")).toEqual([]);
});

test("names follow Prometheus: what is a counter ends in _total, what is not does not, and a time is in seconds", async () => {
  const declared = (await Promise.all(appNames.map(declaredBy))).flat();
  expect(declared.filter(({ type, name }) => (type === "counter") !== name.endsWith("_total"))).toEqual([]);
  const unitOf = new Map(rows.map(({ name, unit }) => [name, unit]));
  const wrong = declared.filter(({ name }) => /_seconds(_total)?$/.test(name) !== (unitOf.get(name) === "seconds"));
  expect(wrong).toEqual([]);
  expect(declared.filter(({ name }) => /_bytes$/.test(name) !== (unitOf.get(name) === "bytes"))).toEqual([]);
  expect(declared.filter(({ help }) => help === "")).toEqual([]);
});
