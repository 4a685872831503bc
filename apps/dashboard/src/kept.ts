import type { Fields } from "./form.ts";

/** A form that was sent and not taken: where it goes, and what was typed. Its token is another by the time it is sent again. */
export type Kept = { readonly path: string; readonly fields: readonly (readonly [string, string])[] };

const KEPT_LENGTH_MAX = 4_096;

/** Of this site: a path, and nothing that a browser takes for another host. */
const isOwnPath = (path: string): boolean => /^\/(?![/\\])[\w./-]*$/.test(path);

export const keptOf = (path: string, fields: Fields): Kept => ({
  path,
  fields: [...fields].filter(([name]) => name !== "form_token" && name !== "password"),
});

/** As a field of the login form; what is too long to be kept is not. */
export const writeKept = (kept: Kept): string => {
  const text = JSON.stringify(kept);
  return text.length > KEPT_LENGTH_MAX ? "" : text;
};

const isPair = (pair: unknown): pair is [string, string] =>
  Array.isArray(pair) && pair.length === 2 && pair.every((text) => typeof text === "string");

/** Null: there is none, or it is not as we write it. */
export const readKept = (text: string | undefined): Kept | null => {
  if (!text || text.length > KEPT_LENGTH_MAX) return null;
  try {
    const { path, fields } = JSON.parse(text) as { readonly path?: unknown; readonly fields?: unknown };
    if (typeof path !== "string" || !isOwnPath(path) || path === "/logout" || path === "/login") return null;
    return Array.isArray(fields) && fields.every(isPair) ? { path, fields } : null;
  } catch {
    // Not ours: there is nothing to keep.
    return null;
  }
};
