import { type Chunk, type DeadLetter, decodeChunk, type Platform, UndecodableChunk } from "@spillway/event";

/** The chunk, or why it does not decode. */
export const decodeOrReason = (bytes: Uint8Array, platform: Platform): Chunk | string => {
  try {
    return decodeChunk(bytes, platform);
  } catch (error) {
    if (error instanceof UndecodableChunk) return error.message;
    throw error;
  }
};

/** A damaged chunk, whole: nobody can say which events it held. */
export const undecodableLetter = (
  place: { readonly shard: number; readonly entry: string; readonly events: number },
  chunk: Uint8Array,
  reason: string,
): DeadLetter => ({
  shard: place.shard,
  entry: place.entry,
  index: -1,
  deadLetterClass: "undecodable",
  code: "undecodable_chunk",
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
