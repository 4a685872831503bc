/**
 * What the entries of a setting are, with commas between them, or a sentence about the first that is wrong. `read` says
 * what one is, or why it is none, in words that hold nothing of it: it may be a key by mistake.
 */
export const readEntries = <T extends object>(
  setting: string,
  read: (text: string, before: readonly T[], count: number) => T | string,
): readonly T[] | string => {
  const found: T[] = [];
  const texts = setting === "" ? [] : setting.split(",").map((text) => text.trim());
  for (const text of texts) {
    const entry = read(text, found, texts.length);
    if (typeof entry === "string") return `entry ${found.length + 1} ${entry}`;
    found.push(entry);
  }
  return found;
};

/** Both sides of the first `=` of an entry; null when it has none. */
export const sidesOf = (entry: string): readonly [left: string, right: string] | null => {
  const at = entry.indexOf("=");
  return at < 0 ? null : [entry.slice(0, at), entry.slice(at + 1)];
};

/** Of an entry that is for the keys of one name. */
export const UNKNOWN_NAME = "begins with a name that no key of API_KEYS or PUBLISHABLE_KEYS has";
