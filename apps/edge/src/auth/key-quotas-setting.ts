import type { Quota } from "../quota/key-quota.ts";
import { readEntries, sidesOf, UNKNOWN_NAME } from "./entries.ts";

const FORM = "events or bytes a second, as in 1000/s, 500KB/s or 5MB/s";
/** A whole number, for bytes with a unit behind it, and `/s`. */
const rateForm = /^(\d{1,15})(?:(B|KB|MB|GB|KiB|MiB|GiB))?\/s$/;
const unitBytes: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

type Rate = { readonly name: string; readonly of: "events" | "bytes"; readonly perSecond: number };

const rateOf = (entry: string, names: ReadonlySet<string>, before: readonly Rate[]): Rate | string => {
  const sides = sidesOf(entry);
  if (sides === null) return "is not name=rate";
  const [name, rate] = sides;
  if (!names.has(name)) return UNKNOWN_NAME;
  const [, number, unit] = rateForm.exec(rate) ?? [];
  if (number === undefined) return `has a rate that is not ${FORM}`;
  const perSecond = Number(number) * (unit === undefined ? 1 : (unitBytes[unit] as number));
  if (perSecond < 1 || !Number.isSafeInteger(perSecond)) return "has a rate of nothing, or one beyond all numbers";
  const of = unit === undefined ? "events" : "bytes";
  const same = before.findIndex((one) => one.name === name && one.of === of);
  return same < 0 ? { name, of, perSecond } : `gives the ${of} of entry ${same + 1} again`;
};

/**
 * Reads `name=1000/s` and `name=5MB/s`, separated by commas; a name may have one of events and one of bytes. `names` are
 * those of `API_KEYS`.
 */
export const parseKeyQuotas = (setting: string, names: ReadonlySet<string>): readonly Quota[] | string => {
  const rates = readEntries<Rate>(setting, (text, before) => rateOf(text, names, before));
  if (typeof rates === "string") return rates;
  const rate = (name: string, of: Rate["of"]): number | null =>
    rates.find((one) => one.name === name && one.of === of)?.perSecond ?? null;
  return [...new Set(rates.map(({ name }) => name))].map((name) => ({
    name,
    eventsPerSecond: rate(name, "events"),
    bytesPerSecond: rate(name, "bytes"),
  }));
};
