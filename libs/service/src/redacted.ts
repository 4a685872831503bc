const MARK = "***";
const scheme = /^\s*["']?[a-z][a-z0-9+.-]*:\/\//i;
const nextUrl = /,(?=\s*[a-z][a-z0-9+.-]*:\/\/)/i;
/** Where a userinfo ends, also as somebody spells it who encoded too much or has another keyboard. */
const userinfoEnd = /@|\uff20|%(?:25)*40/gi;
/** `host:port` or several, with a path. What else stands behind a colon may be a password that lost its `@`. */
const address =
  /^(?:\[[0-9a-f:.]*\]|[\w.-]*)(?::\d{0,5})?(?:,(?:\[[0-9a-f:.]*\]|[\w.-]*)(?::\d{0,5})?)*(?:\/[\w.~/-]*)?$/i;
const named = /\b\w*(?:pass|pwd|secret|token|credential|api_?key|bearer|basic|sha256)\w*["']?\s*[=: ]/i;

const shownAddress = (text: string): string => {
  const query = text.search(/[?#]/);
  const place = query < 0 ? text : text.slice(0, query);
  if (!address.test(place.trim())) return MARK;
  return query < 0 ? place : `${place}${text[query]}${MARK}`;
};

const schemeOf = (text: string): string => scheme.exec(text)?.[0] ?? "";

/** One URL or several; behind one that is not understood nothing is shown. */
const shownUrls = (text: string, shown = ""): string => {
  const start = schemeOf(text);
  const end = nextUrl.exec(text)?.index ?? text.length;
  const first = shownAddress(text.slice(start.length, end));
  if (first.endsWith(MARK) || end === text.length) return shown + start + first;
  return shownUrls(text.slice(end + 1), `${shown}${start}${first},`);
};

const withoutUserinfo = (text: string): string => {
  let end = 0;
  for (const found of text.matchAll(userinfoEnd)) end = found.index + found[0].length;
  if (end > 0) return `${schemeOf(text)}${MARK}@${shownUrls(text.slice(end))}`;
  return schemeOf(text) === "" ? text : shownUrls(text);
};

/**
 * The text without what may be a secret, found by its form and not by the name of the variable that holds it. Of one URL
 * or several stay scheme, host, port and path. The userinfo goes up to the last `@` of the whole text, since a password
 * may hold any character, also commas and slashes; so does the query, and all that follows a word like `password=`.
 * Hides too much rather than too little.
 */
export const redacted = (text: string): string => {
  const word = named.exec(text);
  if (word === null) return withoutUserinfo(text);
  return text.includes("@") ? MARK : `${withoutUserinfo(text.slice(0, word.index))}${word[0]}${MARK}`;
};
