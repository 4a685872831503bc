import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What libs/telemetry has for operators. */
export const telemetryFolder = fileURLToPath(new URL("../../libs/telemetry", import.meta.url));
export const rulesFile = `${telemetryFolder}/alerts/spillway.rules.yml`;

type Rule = {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly keep_firing_for?: string;
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

/** Compressed so that a longer one stays the longer one: 20 s become 5, a minute 8, ten minutes 19. */
const compressedMs = (seconds: number): number => Math.round(1_500 * seconds ** 0.4);

const inSeconds = (seconds: string): number => compressedMs(Number(seconds)) / 1_000;

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
const hastenedDurations = (text: string): string =>
  text.replace(
    /\b(\d+)([smhd])\b/g,
    (_, count: string, unit: keyof typeof SECONDS) => `${compressedMs(Number(count) * SECONDS[unit])}ms`,
  );

/** An expression with its ranges compressed, how far it looks ahead, and the age that it compares with. */
export const hastenedExpression = (expr: string): string =>
  expr
    .replace(/\[\d+[smhd]\]/g, hastenedDurations)
    .replace(
      /(predict_linear\(.*?, |_seconds\b.*[<>] )(\d+)\b/g,
      (_, what: string, seconds: string) => what + inSeconds(seconds),
    );

/** The rules with every duration of theirs compressed, for a test that cannot wait. They are evaluated every second. */
export const hastenedRules = (): string =>
  hastenedExpression(readFileSync(rulesFile, "utf8"))
    .replace(/^( *interval: ).*$/gm, "$11s")
    .replace(
      /^( *(?:for|keep_firing_for): )(.*)$/gm,
      (_, name: string, value: string) => name + hastenedDurations(value),
    );

/** The configuration of Alertmanager, its waits compressed likewise, with this address told in place of an operator. */
export const hastenedAlertmanager = (url: string): string => {
  const text = readFileSync(`${telemetryFolder}/alerts/alertmanager.yml`, "utf8");
  const config = Bun.YAML.parse(text.replace(/^ *group_(?:wait|interval): .*$/gm, hastenedDurations)) as {
    readonly receivers: readonly { readonly name: string }[];
  };
  const receivers = config.receivers.map((receiver) => ({
    ...receiver,
    webhook_configs: [{ url, send_resolved: true }],
  }));
  return JSON.stringify({ ...config, receivers });
};
