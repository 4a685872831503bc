/** Characters of a `digest96`: base64url has 6 bits in each. append.lua holds the number once more, and a test compares. */
export const DIGEST96_LENGTH = 96 / 6;

/**
 * The few primitives that differ between runtimes or need one (hashing, deflate). A composition root passes them in,
 * so that everything built on this package compiles without Node, Bun or Deno types.
 */
export type Platform = {
  /** SHA-256, 32 bytes. */
  sha256(bytes: Uint8Array): Uint8Array;
  /** The first 96 bits of the SHA-256 of the text's UTF-8, in base64url. */
  digest96(text: string): string;
  /** Raw deflate (RFC 1951). */
  deflate(bytes: Uint8Array): Uint8Array;
  /** Throws when the data is damaged or inflates to more than `bytesMax`. */
  inflate(bytes: Uint8Array, bytesMax: number): Uint8Array;
};
