import type { Refusal } from "./outcome.ts";

/** What came back for a request. `status` null: nothing, so it is not known what became of its events. */
export type Answer = {
  readonly status: number | null;
  readonly retryAfterMs: number | null;
  /** Parsed JSON; null where it is none. Of no answer: `timeout` or `network`. */
  readonly body: unknown;
};

/** What an answer says of one event. */
export type Told = "stored" | "again" | Refusal;

/**
 * `each`: of each event by its place in the batch. `smaller`: nothing was stored, and less at once may be.
 * `again`: it says nothing of the events, which may be stored or not.
 */
export type Verdict =
  | { readonly kind: "each"; readonly told: readonly Told[]; readonly code: string }
  | { readonly kind: "smaller"; readonly code: string }
  | { readonly kind: "again"; readonly code: string };

type Named = { readonly index: number; readonly code: string; readonly retryable: boolean } & Partial<Refusal>;
type Body = { readonly [name: string]: unknown };

const isRecord = (value: unknown): value is Body => typeof value === "object" && value !== null;
const isNamed = (value: unknown): value is Named =>
  isRecord(value) && Number.isInteger(value.index) && typeof value.code === "string";

const refusal = ({ code, detail = "", pointer = "" }: Omit<Partial<Refusal>, "kind"> & { code: string }): Refusal => ({
  kind: "refused",
  code,
  detail,
  pointer,
});

/** A page of a captive portal, or of a proxy, answers 200 as well: only what accounts for each event is believed. */
const accountsFor = (body: Body, count: number): boolean =>
  ["accepted", "duplicates", "invalid", "refused"].reduce((sum, name) => sum + Number(body[name]), 0) === count;

const eachOf = (errors: readonly Named[], count: number, unnamed: Told, code: string): Verdict => {
  const told = new Array<Told>(count).fill(unnamed);
  for (const error of errors) told[error.index] = error.retryable ? "again" : refusal(error);
  return { kind: "each", told, code: errors.find(({ retryable }) => retryable)?.code ?? code };
};

/** Reads the answer to a batch of `count` events, as apps/edge/README.md has it. What it does not know it takes for `again`. */
export const verdictOf = ({ status, body }: Answer, count: number): Verdict => {
  const record = isRecord(body) ? body : {};
  const hasCode = typeof record.code === "string";
  const code = hasCode ? String(record.code) : String(status ?? body);
  const errors = record.errors;
  if (Array.isArray(errors) && errors.every(isNamed) && accountsFor(record, count)) {
    if (status === 202 || status === 207) return eachOf(errors, count, "stored", code);
    if (status !== null && status >= 400) return eachOf(errors, count, "again", code);
  }
  if (status !== 413 && !(status === 400 && hasCode)) return { kind: "again", code };
  if (count > 1) return { kind: "smaller", code };
  return { kind: "each", told: [refusal({ ...(record as Partial<Refusal>), code })], code };
};
