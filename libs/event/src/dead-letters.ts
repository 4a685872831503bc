import type { DeadLetterClass } from "./outcome.ts";

/** An event that the sink refused for good, whole, with what is known about why. */
export type DeadLetter = {
  readonly shard: number;
  /** Stream entry id. */
  readonly entry: string;
  /** Index in the chunk; -1 for a whole chunk that could not be decoded, or of which nobody knows what is to be published. */
  readonly index: number;
  readonly deadLetterClass: DeadLetterClass;
  /** From the sink's table of codes. */
  readonly code: string;
  /** One sentence for an operator; contains no payload. */
  readonly detail: string;
  readonly topic: string | null;
  readonly type: string | null;
  readonly partitionKey: string | null;
  readonly traceparent: string | null;
  readonly tracestate?: string;
  /** Of the event in all its lives, as `SealedEvent` has it; null for a whole chunk. */
  readonly identity: string | null;
  /** How many times this event was replayed before. */
  readonly replay: number;
  /** Attempts to publish in this life. */
  readonly attempts: number;
  readonly receivedAtMs: number | null;
  readonly bytes: Uint8Array;
};

/**
 * Keeps dead letters. A letter is unique by its event's life, (identity, replay), whoever puts it and from which entry; a
 * whole chunk, of which no event is known, by (shard, entry, index). Putting it again changes nothing. Rejects with
 * `Unavailable` when it cannot be sure; the caller then waits and settles nothing.
 */
export type DeadLetters = {
  put(letters: readonly DeadLetter[]): Promise<void>;
};

/** A waiting letter was neither replayed nor discarded. */
export type LetterStatus = "waiting" | "replayed" | "discarded";

/** Why a letter was left as it is. */
export type LetterRefusal = {
  readonly id: string;
  readonly code: "not_found" | LetterStatus | "undecodable" | "no_identity" | "replayed_too_often" | "batch_too_large";
  readonly detail: string;
};

/** Who did it, for the record. */
export type Actor = { readonly by: string };

export type Replayed = { readonly replayed: readonly string[]; readonly refused: readonly LetterRefusal[] };

/** One call takes no more: the caller pages. */
export const LETTERS_MAX = 500;

/**
 * Sends waiting letters' events again, through the outbox, each a chunk of its own and oldest first. Their time of ingest
 * is now, since a broker may refuse old timestamps. A letter is marked and its event queued, both or neither, so of two
 * calls at once only one sends it. Each id is answered once, as replayed or with why not. Rejects with a `RangeError`
 * for more than 500 ids, and with `Unavailable`: then nobody knows whether it happened, and repeating is safe.
 */
export type Replay = (ids: readonly string[], actor: Actor) => Promise<Replayed>;
