import type { Share } from "./budget.ts";

export type Collector = {
  /** Null, or why the body does not go on; nothing is kept then. */
  add(part: Uint8Array): "body_too_large" | "overloaded" | null;
  bytes(): Uint8Array<ArrayBuffer>;
};

/**
 * Puts the parts of a body together in one buffer that doubles: a million parts of one byte are 20 buffers, not a million
 * objects. Every growth is taken from the budget first, and nothing larger than `bytesMax` is ever made. What is
 * `expected` counts from the second part on: it is another's word, and for one part nothing has to be expected; the buffer
 * of what is expected comes from `bufferOf`.
 */
export const createCollector = (
  share: Share,
  bytesMax: number,
  expected = 0,
  bufferOf = (bytes: number) => new Uint8Array(bytes),
): Collector => {
  let buffer = new Uint8Array();
  let length = 0;
  let taken = 0;
  const grow = (needed: number): boolean => {
    const more = buffer.length === 0 ? 0 : Math.max(2 * buffer.length, expected);
    const capacity = Math.max(needed, Math.min(more, bytesMax));
    if (!share.take(capacity - taken)) return false;
    taken = capacity;
    const larger = buffer.length === 0 ? new Uint8Array(capacity) : bufferOf(capacity);
    larger.set(buffer.subarray(0, length));
    buffer = larger;
    return true;
  };
  const drop = <T>(reason: T): T => {
    buffer = new Uint8Array();
    length = 0;
    share.release();
    return reason;
  };
  return {
    add: (part) => {
      const needed = length + part.length;
      if (needed > bytesMax) return drop("body_too_large" as const);
      if (needed > buffer.length && !grow(needed)) return drop("overloaded" as const);
      buffer.set(part, length);
      length = needed;
      return null;
    },
    bytes: () => buffer.subarray(0, length),
  };
};
