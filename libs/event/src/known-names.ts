/** Members that are looked at, or known to be right, with the number of each: its place in `Members.known`. */
export const known = {
  type: 0,
  id: 1,
  source: 2,
  specversion: 3,
  time: 4,
  subject: 5,
  partitionkey: 6,
  data: 7,
  data_base64: 8,
  traceparent: 9,
  tracestate: 10,
  events: 11,
  datacontenttype: 12,
  dataschema: 13,
} as const;

export const knownNames: readonly string[] = Object.keys(known);

const LENGTH_MAX = 15;
const QUOTES = 2;
const numbers: ReadonlyMap<string, number> = new Map(Object.entries(known));
const byLength: readonly (readonly { readonly number: number; readonly bytes: Uint8Array }[])[] = Array.from(
  { length: LENGTH_MAX + 1 },
  (_, length) =>
    knownNames.flatMap((name, number) =>
      name.length === length ? [{ number, bytes: new TextEncoder().encode(name) }] : [],
    ),
);

/** A name's number, or -1. */
export const numberOf = (name: string): number => numbers.get(name) ?? -1;

const isAt = (bytes: Uint8Array, from: number, name: Uint8Array): boolean => {
  for (let at = 0; at < name.length; at++) if (bytes[from + at] !== name[at]) return false;
  return true;
};

/** The number of the name between these places, quotes included; -1 where it is written in another way, too. */
export const numberAt = (bytes: Uint8Array, from: number, end: number): number => {
  const length = end - from - QUOTES;
  if (length > LENGTH_MAX || length < 0) return -1;
  for (const name of byLength[length] as NonNullable<(typeof byLength)[number]>)
    if (isAt(bytes, from + 1, name.bytes)) return name.number;
  return -1;
};
