/*
 * RFC 3986. Each part is read in one way only, so that a search is linear: what may stand in a part excludes what ends it.
 */
const LETTERS = "A-Za-z0-9._~!$&'()*+,;=\\-";
const ESCAPE = "%[0-9A-Fa-f]{2}";
/** Characters of a path's segment. */
const PCHAR = `(?:[${LETTERS}:@]|${ESCAPE})`;
const SCHEME = "[A-Za-z][A-Za-z0-9+.-]*:";
const USER = `(?:(?:[${LETTERS}:]|${ESCAPE})*@)?`;
const HOST = `(?:\\[[${LETTERS}:]+\\]|(?:[${LETTERS}]|${ESCAPE})*)`;
const AUTHORITY = `//${USER}${HOST}(?::\\d*)?(?=[/?#]|$)`;
const REST = `(?:\\?(?:${PCHAR}|[/?])*)?(?:#(?:${PCHAR}|[/?])*)?`;
/** A path that begins with two slashes would be an authority. */
const ROOTED = `/(?:${PCHAR}+(?:/${PCHAR}*)*)?`;

const uri = new RegExp(`^${SCHEME}(?:${AUTHORITY}(?:/${PCHAR}*)*|${ROOTED}|(?:${PCHAR}+(?:/${PCHAR}*)*)?)${REST}$`);
/** Without a scheme the first segment has no colon: it would be one. */
const relative = new RegExp(
  `^(?:${AUTHORITY}(?:/${PCHAR}*)*|${ROOTED}|(?:(?:[${LETTERS}@]|${ESCAPE})+(?:/${PCHAR}*)*)?)${REST}$`,
);

/** With a scheme. A fragment is allowed: schemas have them. */
export const isUri = (text: string): boolean => uri.test(text);

export const isUriReference = (text: string): boolean => relative.test(text) || uri.test(text);
