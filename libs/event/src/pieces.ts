import { isSpace, skipSpace } from "./json.ts";

/**
 * Work that is done in pieces: it stops after some 64 KiB, which take a tenth of a millisecond, so that others can have
 * their turn in between, and ends with its result.
 */
export type Pieces<T> = Generator<undefined, T, undefined>;

export const PIECE_BYTES = 64 * 1024;

/** Does all pieces, one behind the other. */
export const atOnce = <T>(pieces: Pieces<T>): T => {
  for (;;) {
    const piece = pieces.next();
    if (piece.done) return piece.value;
  }
};

export const isSpaceAt = (bytes: Uint8Array, at: number): boolean => at < bytes.length && isSpace(bytes[at] as number);

/** Skips space of any length. Most often there is none: `isSpaceAt` tells that for less. */
export const spaceEnd = function* (bytes: Uint8Array, from: number): Pieces<number> {
  for (let at = from; ; ) {
    at = skipSpace(bytes, at, Math.min(at + PIECE_BYTES, bytes.length));
    if (!isSpaceAt(bytes, at)) return at;
    yield;
  }
};
