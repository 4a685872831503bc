import { late, systemClock, within } from "@spillway/event";

/** Why a body was not read: too large, or too slow. */
export type Unread = "too large" | "too slow";

const FIRST_BYTES = 1024;

/**
 * Puts the chunks together in one buffer that doubles. Between two reads everything is taken from the socket that is there:
 * a million chunks of one byte are a few reads then, and no million objects.
 */
const readChunked = async (body: ReadableStream<Uint8Array>, bytesMax: number): Promise<Uint8Array | Unread> => {
  let buffer = new Uint8Array(FIRST_BYTES);
  let bytes = 0;
  for await (const chunk of body) {
    const needed = bytes + chunk.length;
    if (needed > bytesMax) return "too large";
    if (needed > buffer.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * buffer.length));
      larger.set(buffer.subarray(0, bytes));
      buffer = larger;
    }
    buffer.set(chunk, bytes);
    bytes = needed;
    await nextTurn();
  }
  return buffer.subarray(0, bytes);
};

/** Resolves when the event loop has been round once. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The declared length of a body in bytes; undefined when it comes in chunks, NaN when two lengths came as one list. */
export const declaredBytes = (headers: Headers): number | undefined => {
  const length = headers.get("content-length");
  if (length !== null) return /^\d{1,15}$/.test(length) ? Number(length) : Number.NaN;
  return headers.has("transfer-encoding") ? undefined : 0;
};

/** Reads a body of at most `bytesMax` bytes within `msMax` milliseconds. Rejects when the client goes away. */
export const readBody = async (request: Request, bytesMax: number, msMax: number): Promise<Uint8Array | Unread> => {
  const declared = declaredBytes(request.headers);
  if (declared === 0) return new Uint8Array();
  if (declared !== undefined && declared > bytesMax) return "too large";
  // `request.body` makes a stream of what `bytes()` gives at once.
  const body = declared === undefined && request.body ? readChunked(request.body, bytesMax) : request.bytes();
  const read = await within(systemClock, msMax, body);
  return read === late ? "too slow" : read;
};
