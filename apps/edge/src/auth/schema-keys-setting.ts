import { readEntries } from "./entries.ts";

/** Reads names of keys, separated by commas. `names` are those of `API_KEYS`: a page's key registers nothing. */
export const parseSchemaKeys = (setting: string, names: ReadonlySet<string>): readonly string[] | string => {
  const entries = readEntries<{ readonly name: string }>(setting, (name) =>
    names.has(name) ? { name } : "is a name that no key of API_KEYS has",
  );
  return typeof entries === "string" ? entries : entries.map(({ name }) => name);
};
