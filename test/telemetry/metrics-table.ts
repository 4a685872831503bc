import { readFileSync } from "node:fs";

/** A row of the table of metrics in the README of libs/telemetry. */
export type MetricRow = {
  readonly name: string;
  readonly apps: readonly string[];
  readonly type: string;
  readonly labels: readonly string[];
  readonly unit: string;
  readonly meaning: string;
  /** Alerts that use it. */
  readonly alerts: readonly string[];
};

const words = (cell: string | undefined): readonly string[] =>
  (cell ?? "")
    .replaceAll("`", "")
    .split(/\s+/)
    .filter((word) => word !== "" && word !== "–");

export const readMetricRows = (): readonly MetricRow[] => {
  const readme = readFileSync(new URL("../../libs/telemetry/README.md", import.meta.url), "utf8");
  return readme.split("\n").flatMap((line) => {
    const [, name, apps, type, labels, unit, meaning, alerts] = line.split("|").map((cell) => cell.trim());
    if (!name?.startsWith("`spillway_")) return [];
    return {
      name: name.replaceAll("`", ""),
      apps: words(apps),
      type: type ?? "",
      labels: words(labels),
      unit: unit ?? "",
      meaning: meaning ?? "",
      alerts: [...(alerts ?? "").matchAll(/runbook\/(\w+)\.md/g)].map(([, alert = ""]) => alert),
    };
  });
};
