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

/** What bytes that are not JSON are known by: how they begin. */
const beginnings: readonly (readonly [string, readonly number[]])[] = [
  ["it begins with a byte order mark", [0xef, 0xbb, 0xbf]],
  ["it looks like gzip, which Content-Encoding has to say", [0x1f, 0x8b]],
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

/** Why bytes are not JSON, of which the one at `at` does not belong. Says nothing of what is there. */
export const notJson = (bytes: Uint8Array, at: number, firstLine = 1): Malformed => {
  const known = beginnings.find(([, beginning]) => beginning.every((byte, i) => bytes[i] === byte));
  if (known !== undefined) return malformed("invalid_json", `not valid JSON: ${known[0]}`);
  if (!isUtf8UpTo(bytes, at)) return notUtf8;
  if (bytes.length === 0) return malformed("invalid_json", "not valid JSON: there is nothing");
  if (at >= bytes.length) return malformed("invalid_json", "not valid JSON: it ends too early");
  let line = firstLine;
  let lineAt = 0;
  for (let i = 0; i < at; i++) {
    if (bytes[i] !== LINE_FEED) continue;
    line++;
    lineAt = i + 1;
  }
  return malformed("invalid_json", `not valid JSON: see line ${line}, byte ${at - lineAt + 1}`);
};
