import { readEntries, sidesOf } from "./entries.ts";

const ORIGIN =
  "an origin as a browser sends it, https://shop.example or http://localhost:5173: no path, no slash, no pattern";

/** An origin is what its own URL says it is: in small letters, without the scheme's port, and never `null` or `*`. */
const isOrigin = (text: string): boolean => {
  if (!/^https?:\/\//.test(text) || text.includes("*")) return false;
  return URL.parse(text)?.origin === text;
};

/** Reads `https://shop.example`, separated by commas. */
export const parseOrigins = (setting: string): readonly string[] | string => {
  const origins = readEntries<{ readonly origin: string }>(setting, (text) =>
    isOrigin(text) ? { origin: text } : `is not ${ORIGIN}`,
  );
  return typeof origins === "string" ? origins : origins.map(({ origin }) => origin);
};

export type KeyOrigin = { readonly name: string; readonly origin: string };

/** Reads `name=origin`, separated by commas; a name may come several times. `names` are those of `PUBLISHABLE_KEYS`. */
export const parseKeyOrigins = (setting: string, names: ReadonlySet<string>): readonly KeyOrigin[] | string =>
  readEntries(setting, (text) => {
    const [name, origin] = sidesOf(text) ?? [];
    if (name === undefined || origin === undefined) return "is not name=origin";
    if (!names.has(name)) return "begins with a name that no key of PUBLISHABLE_KEYS has";
    return isOrigin(origin) ? { name, origin } : `has what is not ${ORIGIN}`;
  });
