import type { DeadLetterClass } from "./outcome.ts";

/** An event that the sink refused for good, whole, with what is known about why. */
export type DeadLetter = {
  readonly shard: number;
  /** Stream entry id. */
  readonly entry: string;
  /** Index in the chunk; -1 for a whole chunk that could not be decoded. */
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
 * Keeps dead letters. A letter is unique by (shard, entry, index): putting it again changes nothing.
 * Rejects with `Unavailable` when it cannot be sure; the caller then waits and settles nothing.
 */
export type DeadLetters = {
  put(letters: readonly DeadLetter[]): Promise<void>;
};
