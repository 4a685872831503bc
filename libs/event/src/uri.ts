/*
 * RFC 3986. Each part is read in one way only, so that a search is linear: what may stand in a part excludes what ends it.
 */
const LETTERS = "A-Za-z0-9._~!$&'()*+,;=\\-";
const ESCAPE = "%[0-9A-Fa-f]{2}";
/** Characters of a path's segment. */
const PCHAR = `(?:[${LETTERS}:@]|${ESCAPE})`;
const SCHEME = "[A-Za-z][A-Za-z0-9+.-]*:";
const USER = `(?:(?:[${LETTERS}:]|${ESCAPE})*@)?`;
const H16 = "[0-9A-Fa-f]{1,4}";
const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const LS32 = `(?:${H16}:${H16}|(?:${OCTET}\\.){3}${OCTET})`;
/** At most so many groups before the two colons, or none. */
const upTo = (groups: number): string => `(?:(?:${H16}:){0,${groups - 1}}${H16})?`;
/** No longer than 45 characters, so that its alternatives cost a fixed number of steps. */
const IPV6 = [
  `(?:${H16}:){6}${LS32}`,
  `::(?:${H16}:){5}${LS32}`,
  `${upTo(1)}::(?:${H16}:){4}${LS32}`,
  `${upTo(2)}::(?:${H16}:){3}${LS32}`,
  `${upTo(3)}::(?:${H16}:){2}${LS32}`,
  `${upTo(4)}::${H16}:${LS32}`,
  `${upTo(5)}::${LS32}`,
  `${upTo(6)}::${H16}`,
  `${upTo(7)}::`,
].join("|");
const IPV_FUTURE = `[Vv][0-9A-Fa-f]+\\.[${LETTERS}:]+`;
const HOST = `(?:\\[(?:${IPV6}|${IPV_FUTURE})\\]|(?:[${LETTERS}]|${ESCAPE})*)`;
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
