import { readFileSync } from "node:fs";

const file = new URL("../../alerts/spillway.rules.yml", import.meta.url);

type Rule = { readonly alert?: string; readonly expr: string };
type RuleFile = { readonly groups: readonly { readonly rules: readonly Rule[] }[] };

/** What an alert compares with, and on which side of it all is well. */
export type Comparison = { readonly operator: ">" | "==" | ">="; readonly limit: number };

const comparisonIn = (expr: string): Comparison | null => {
  const [, operator, ...factors] = /(>=|>|==) (\d[\d.]*)(?: \* (\d[\d.]*))?/.exec(expr) ?? [];
  if (operator === undefined) return null;
  const limit = factors.reduce((product, factor) => product * Number(factor ?? 1), 1);
  return { operator: operator as Comparison["operator"], limit: Number(limit.toPrecision(6)) };
};

const rules = (Bun.YAML.parse(readFileSync(file, "utf8")) as RuleFile).groups.flatMap((group) => group.rules);

/** The first number that the expression of this alert compares with; null: it compares metrics. Throws for one that there is not. */
export const comparisonOf = (alert: string): Comparison | null => {
  const rule = rules.find((each) => each.alert === alert);
  if (rule === undefined) throw new Error(`alerts/spillway.rules.yml has no ${alert}`);
  return comparisonIn(rule.expr);
};
