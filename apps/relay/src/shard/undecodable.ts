import {
  type Chunk,
  type DeadLetter,
  decodeChunk,
  type Entry,
  errorName,
  type Platform,
  UndecodableChunk,
} from "@spillway/event";

/** Why an entry or a row becomes a dead letter as a whole. */
export class Unreadable {
  readonly code: "undecodable_chunk" | "damaged_metadata" | "unexpected_error";
  /** Contains no payload. */
  readonly reason: string;

  constructor(code: Unreadable["code"], reason: string) {
    this.code = code;
    this.reason = reason;
  }
}

/**
 * What the step answers. What it throws is the fault of what it looked at, since it does nothing else: that is buried, and what
 * is behind it goes on. A step calls no port.
 */
export const orUnreadable = <T>(step: () => T): T | Unreadable => {
  try {
    return step();
  } catch (error) {
    if (error instanceof UndecodableChunk) return new Unreadable("undecodable_chunk", error.message);
    return new Unreadable("unexpected_error", errorName(error));
  }
};

export const readChunk = (bytes: Uint8Array, platform: Platform): Chunk | Unreadable =>
  orUnreadable(() => decodeChunk(bytes, platform));

/** The checksum covers the chunk only: what stands beside it has to agree with what is in it. */
export const readEntry = (entry: Entry, platform: Platform): Chunk | Unreadable => {
  const chunk = readChunk(entry.chunk, platform);
  if (chunk instanceof Unreadable || entry.total === chunk.events.length) return chunk;
  const told = entry.total === null ? "contradicts itself" : `speaks of ${entry.total} events`;
  return new Unreadable(
    "damaged_metadata",
    `the chunk has ${chunk.events.length} events, what stands beside it ${told}`,
  );
};

/** A damaged chunk, whole: nobody can say which events it held, or which of them are to be published. */
export const undecodableLetter = (
  place: { readonly shard: number; readonly entry: string; readonly events: number },
  chunk: Uint8Array,
  { code, reason }: Unreadable,
): DeadLetter => ({
  shard: place.shard,
  entry: place.entry,
  index: -1,
  deadLetterClass: "undecodable",
  code,
  detail: `A chunk of ${place.events} events is damaged: ${reason}.`,
  topic: null,
  type: null,
  partitionKey: null,
  traceparent: null,
  identity: null,
  replay: 0,
  attempts: 0,
  receivedAtMs: null,
  bytes: chunk,
});
