import { readdirSync, readFileSync } from "node:fs";
import { telemetryFolder } from "./rules.ts";

type Panel = { readonly title: string; readonly type: string; readonly targets?: readonly { readonly expr: string }[] };
type Variable = { readonly name: string; readonly type: string; readonly query: { readonly query: string } };
type Dashboard = { readonly panels: readonly Panel[]; readonly templating: { readonly list: readonly Variable[] } };

export type PanelQuery = { readonly of: string; readonly expr: string };
export type VariableQuery = { readonly of: string; readonly metric: string; readonly label: string };

const folder = `${telemetryFolder}/grafana/dashboards`;
const dashboards = readdirSync(folder).map((file) => ({
  file,
  ...(JSON.parse(readFileSync(`${folder}/${file}`, "utf8")) as Dashboard),
}));

/** As Grafana asks them with every value chosen. */
export const panelQueries: readonly PanelQuery[] = dashboards.flatMap(({ file, panels }) =>
  panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }, at) => ({
      of: `${file}, ${title}, ${"ABCDEFGH"[at]}`,
      expr: expr.replaceAll("$__rate_interval", "15s").replace(/"\$(topic|shard|instance)"/g, '".*"'),
    })),
  ),
);

export const variableQueries: readonly VariableQuery[] = dashboards.flatMap(({ file, templating }) =>
  templating.list
    .filter(({ type }) => type === "query")
    .map(({ name, query }) => {
      const [, metric = "", label = ""] = /^label_values\((\w+), (\w+)\)$/.exec(query.query) ?? [];
      return { of: `${file}, $${name}`, metric, label };
    }),
);

const METRIC = /(?<![\w:])(spillway[_:][\w:]+|process_\w+|nodejs_\w+|ALERTS(?=\{)|up(?=\{))/g;

/** Of each metric that an expression names, the expression with that one called otherwise; the alternatives of one selector all at once. */
export const renamed = (expr: string): readonly string[] => {
  const otherwise = (name: string) => `${name}_otherwise`;
  if (expr.includes("__name__")) return [expr.replace(METRIC, otherwise)];
  const names = new Set([...expr.matchAll(METRIC)].map(([name]) => name));
  return [...names].map((one) => expr.replace(METRIC, (name) => (name === one ? otherwise(name) : name)));
};

export const metricsIn = (expr: string): readonly string[] => [...expr.matchAll(METRIC)].map(([name]) => name);
