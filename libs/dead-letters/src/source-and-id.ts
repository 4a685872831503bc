import type { DeadLetter } from "@spillway/event";

/** What an operator knows an event by; nulls when its bytes do not tell. */
export type SourceAndId = { readonly source: string | null; readonly eventId: string | null };

const UNKNOWN: SourceAndId = { source: null, eventId: null };

const parsed = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // Damaged bytes are why some letters are here.
    return null;
  }
};

/** Reads an event's (source, id) out of its bytes, which are a CloudEvent in JSON unless they were damaged. */
export const sourceAndIdOf = (letter: Pick<DeadLetter, "bytes" | "index">): SourceAndId => {
  if (letter.index < 0) return UNKNOWN;
  const event = parsed(letter.bytes);
  if (typeof event !== "object" || event === null) return UNKNOWN;
  const { source, id } = event as { readonly source?: unknown; readonly id?: unknown };
  return typeof source === "string" && typeof id === "string" ? { source, eventId: id } : UNKNOWN;
};
