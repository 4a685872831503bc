import { redacted } from "./redacted.ts";
import type { Setting } from "./setting.ts";

/** Settings that cannot be used: one sentence a line, with the variable, what it got and what it accepts. */
export class ConfigError extends Error {
  constructor(sentences: readonly string[]) {
    super(sentences.join("\n"));
    this.name = "ConfigError";
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;
type Settings = Readonly<Record<string, Setting<unknown>>>;
export type Values<S extends Settings> = {
  readonly [Name in keyof S]: S[Name] extends Setting<infer T> ? T : never;
};
/** Settings as they may be logged. */
export type Shown = Readonly<Record<string, string | number>>;

/** Longer values are cut: nobody looks for the error behind them. */
const SHOWN_LENGTH_MAX = 200;

const shownText = (text: string, { shown }: Setting<unknown>): string => {
  if (shown === "secret" || (shown === "url" && !text.includes("://"))) return `a value of ${text.length} characters`;
  const safe = redacted(text);
  return JSON.stringify(safe.length > SHOWN_LENGTH_MAX ? `${safe.slice(0, SHOWN_LENGTH_MAX)}…` : safe);
};

const shownValue = (text: string | undefined, { shown }: Setting<unknown>, value: unknown): string | number => {
  if (shown === "secret") return text === undefined ? "absent" : "configured";
  if (typeof value === "number") return value;
  if (text !== undefined) return redacted(text);
  return value === undefined ? "absent" : String(value);
};

/**
 * Reads every setting from a record such as the environment. An empty string counts as absent. Throws `ConfigError`
 * with a sentence for each that is missing or not accepted, behind those in `otherwise`, which the caller found itself.
 */
export const readSettings = <S extends Settings>(
  settings: S,
  environment: Environment,
  otherwise: readonly string[] = [],
): { readonly values: Values<S>; readonly shown: Shown } => {
  const values: Record<string, unknown> = {};
  const shown: Record<string, string | number> = {};
  const sentences: string[] = [...otherwise];
  for (const [name, setting] of Object.entries(settings)) {
    const text = environment[name] === "" ? undefined : environment[name];
    if (text === undefined && setting.absent !== undefined) values[name] = setting.absent.value;
    else if (text === undefined) sentences.push(`${name}: got nothing; accepts ${setting.accepts}`);
    else {
      const reading = setting.read(text);
      if (reading.kind === "ok") values[name] = reading.value;
      else {
        const why = reading.why === undefined ? "" : `, ${reading.why}`;
        sentences.push(`${name}: got ${shownText(text, setting)}${why}; accepts ${setting.accepts}`);
      }
    }
    shown[name] = shownValue(text, setting, values[name]);
  }
  if (sentences.length > 0) throw new ConfigError(sentences);
  return { values: values as Values<S>, shown };
};
