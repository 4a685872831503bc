import { LINE_FEED } from "./json.ts";

/** A body, or a line of one, of which nothing can be read. */
export type Malformed = {
  readonly kind: "malformed";
  readonly code:
    | "invalid_json"
    | "invalid_encoding"
    | "not_a_batch"
    | "no_events"
    | "batch_too_large"
    | "event_too_deep";
  readonly detail: string;
};

export const malformed = (code: Malformed["code"], detail: string): Malformed => ({ kind: "malformed", code, detail });

export const notUtf8 = malformed("invalid_encoding", "not valid UTF-8");

/** What bytes that are not JSON are known by: how they begin. PowerShell 5 writes UTF-16 unless it is told otherwise. */
const beginnings: readonly (readonly [Malformed, readonly number[]])[] = [
  [malformed("invalid_json", "not valid JSON: it begins with a byte order mark"), [0xef, 0xbb, 0xbf]],
  [malformed("invalid_json", "not valid JSON: it looks like gzip, which Content-Encoding has to say"), [0x1f, 0x8b]],
  [malformed("invalid_encoding", "not valid UTF-8: it looks like zstd; accepted is gzip"), [0x28, 0xb5, 0x2f, 0xfd]],
  [malformed("invalid_encoding", "not valid UTF-8: it looks like UTF-16"), [0xff, 0xfe]],
  [malformed("invalid_encoding", "not valid UTF-8: it looks like UTF-16"), [0xfe, 0xff]],
];

/** The longest character of UTF-8. */
const CHARACTER_BYTES_MAX = 4;

/** Whether what is there up to the byte at `at` is UTF-8: what follows is not asked, and its last character may be cut. */
const isUtf8UpTo = (bytes: Uint8Array, at: number): boolean => {
  const end = at + CHARACTER_BYTES_MAX;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, end), { stream: end < bytes.length });
    return true;
  } catch {
    return false;
  }
};

/** Of the bytes of a character in UTF-8 all but the first: editors count columns in characters. */
const isContinuation = (byte: number): boolean => byte >> 6 === 0b10;

/** Why bytes are not JSON, of which the one at `at` does not belong. Says nothing of what is there. */
export const notJson = (bytes: Uint8Array, at: number, firstLine = 1): Malformed => {
  const known = beginnings.find(([, beginning]) => beginning.every((byte, i) => bytes[i] === byte));
  if (known !== undefined) return known[0];
  if (!isUtf8UpTo(bytes, at)) return notUtf8;
  if (bytes.length === 0) return malformed("invalid_json", "not valid JSON: there is nothing");
  if (at >= bytes.length) return malformed("invalid_json", "not valid JSON: it ends too early");
  let line = firstLine;
  let column = 1;
  for (let i = 0; i < at; i++) {
    const byte = bytes[i] as number;
    if (byte === LINE_FEED) {
      line++;
      column = 1;
    } else if (!isContinuation(byte)) column++;
  }
  return malformed("invalid_json", `not valid JSON: see line ${line}, column ${column}`);
};
