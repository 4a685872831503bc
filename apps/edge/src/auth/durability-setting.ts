import { type Durability, durabilities } from "@spillway/event";
import type { DurabilityRoute, KeyDurability } from "./durability.ts";
import { readEntries, sidesOf, UNKNOWN_NAME } from "./entries.ts";

/** Not empty: every event would be meant, and so much is said by the keys. */
const prefixForm = /^[\w.:/-]{1,256}$/;

const durabilityOf = (text: string): Durability | null => durabilities.find((one) => one === text) ?? null;

/** Reads `prefix=both` or `prefix=required`, separated by commas. */
export const parseDurabilityRoutes = (setting: string): readonly DurabilityRoute[] | string =>
  readEntries<DurabilityRoute>(setting, (text, before) => {
    const [prefix, value] = sidesOf(text) ?? ["", ""];
    const durability = durabilityOf(value);
    if (!prefixForm.test(prefix)) return "does not begin with the beginning of a type and =";
    if (durability === null) return "does not end with both or required";
    return before.some((route) => route.prefix === prefix)
      ? "has the beginning of an entry before it"
      : { prefix, durability };
  });

/** Reads `name=both`, `name=required`, `name=may` or one of the former with `|may`, separated by commas. `names` are those of `API_KEYS`. */
export const parseKeyDurabilities = (setting: string, names: ReadonlySet<string>): readonly KeyDurability[] | string =>
  readEntries<KeyDurability>(setting, (text, before) => {
    const [name, value] = sidesOf(text) ?? ["", ""];
    const words = value.split("|");
    const may = words.at(-1) === "may";
    const first = may && words.length === 1 ? null : durabilityOf(words[0] ?? "");
    const isRight = words.length <= (may ? 2 : 1) && (first !== null || (may && words.length === 1));
    if (!names.has(name)) return UNKNOWN_NAME;
    if (!isRight) return "does not end with both, required, may, both|may or required|may";
    return before.some((key) => key.name === name)
      ? "has the name of an entry before it"
      : { name, durability: first, may };
  });
