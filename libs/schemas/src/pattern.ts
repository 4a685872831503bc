/** One character, as a regular expression says it, and how many of it. */
const PART =
  /(?:\\[dDwWsS]|\\u[0-9a-fA-F]{4}|\\[-^$\\.*+?()[\]{}|/]|\[(?:[^[\]\\]|\\[^bBcpPxu0-9k])+\]|[^\\^$.*+?()[\]{}|]|\.)(?:([*+?])|\{(\d{1,4})(?:(,)(\d{0,4}))?\})?/uy;

/** How many looks a character may take, at most. */
const LOOKS_MAX = 1_000;

const REASON =
  "must begin with ^ and have single characters and classes with counts, one *, + or {n,} at most, and no groups or alternatives: it is linear then";

export type Pattern =
  | { readonly kind: "refused"; readonly detail: string }
  | {
      readonly kind: "ok";
      readonly expression: RegExp;
      /** Looks at a text of this length, at most. */
      readonly looks: (length: number) => number;
    };

const refused = (detail: string): Pattern => ({ kind: "refused", detail });

/** Counts of all parts together; null: there is something else. */
const measure = (pattern: string) => {
  const end = pattern.endsWith("$") && !pattern.endsWith("\\$") ? pattern.length - 1 : pattern.length;
  let endless = 0;
  let ways = 1;
  let characters = 1;
  for (let at = 1; at < end; ) {
    PART.lastIndex = at;
    const found = PART.exec(pattern);
    if (found === null || PART.lastIndex > end) return null;
    const [, sign, least = "1", comma, most = ""] = found;
    const isEndless = sign === "*" || sign === "+" || (comma !== undefined && most === "");
    if (isEndless) endless++;
    else if (sign === "?") ways *= 2;
    else if (comma !== undefined) ways *= Math.max(0, Number(most) - Number(least)) + 1;
    characters += Math.max(Number(least), Number(most));
    at = PART.lastIndex;
  }
  return { endless, looks: ways * characters };
};

/**
 * Reads a pattern whose time is known. A schema is trusted less than code, and events are not trusted at all: `^(a+)+$` takes 3 s of 28
 * characters. What starts at one place and has one count without an end tries each of its lengths once, with what is left of the pattern behind it.
 */
export const readPattern = (pattern: string): Pattern => {
  const measured = pattern.startsWith("^") ? measure(pattern) : null;
  if (measured === null || measured.endless > 1 || measured.looks > LOOKS_MAX) return refused(REASON);
  const { endless, looks } = measured;
  try {
    return {
      kind: "ok",
      expression: new RegExp(pattern, "u"),
      looks: (length) => (endless === 0 ? looks : looks * (length + 1)),
    };
  } catch {
    // The engine's words hold the pattern, and are not the same everywhere.
    return refused("is no regular expression");
  }
};
