import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What libs/telemetry has for operators. */
export const telemetryFolder = fileURLToPath(new URL("../../libs/telemetry", import.meta.url));
export const rulesFile = `${telemetryFolder}/alerts/spillway.rules.yml`;

type Rule = {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};

type RuleFile = { readonly groups: readonly { readonly rules: readonly Rule[] }[] };

export const readRules = (): readonly Rule[] => {
  const file = Bun.YAML.parse(readFileSync(rulesFile, "utf8")) as RuleFile;
  return file.groups.flatMap(({ rules }) => rules);
};

const metricsIn = (expr: string): readonly string[] =>
  [...expr.matchAll(/(?<![\w:])spillway_\w+/g)].map(([name]) => name);

/** Each alert with the metrics that it rests on, those of the recorded ratios among them. */
export const alertsWithMetrics = (): ReadonlyMap<string, ReadonlySet<string>> => {
  const rules = readRules();
  const recorded = new Map(rules.flatMap(({ record, expr }) => (record ? [[record, metricsIn(expr)] as const] : [])));
  return new Map(
    rules.flatMap(({ alert, expr }) => {
      if (alert === undefined) return [];
      const records = [...expr.matchAll(/spillway:\w+:\w+/g)].flatMap(([name]) => recorded.get(name) ?? []);
      return [[alert, new Set([...metricsIn(expr), ...records])] as const];
    }),
  );
};

/**
 * The rules with every duration of theirs divided, for a test that cannot wait: `for`, `interval` and the ranges. What an
 * expression compares stays as it is.
 */
export const hastened = (factor: number): string => {
  const seconds = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
  const shorter = (text: string): string =>
    text.replace(/(\d+)([smhd])\b/g, (_, count: string, unit: keyof typeof seconds) => {
      const ms = Math.round((Number(count) * seconds[unit] * 1_000) / factor);
      return `${Math.max(1_000, ms)}ms`;
    });
  return readFileSync(rulesFile, "utf8")
    .replace(/^( *(?:for|interval): )(.*)$/gm, (_, name: string, value: string) => `${name}${shorter(value)}`)
    .replace(/\[(\d+[smhd])\]/g, (_, range: string) => `[${shorter(range)}]`);
};
