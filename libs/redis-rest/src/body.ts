/** Why a body was not read: too large, or too slow. */
export type Unread = "too large" | "too slow";

async function readChunked(body: ReadableStream<Uint8Array>, bytesMax: number): Promise<Uint8Array | Unread> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytesMax) return "too large";
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The declared length of a body in bytes; undefined when it comes in chunks. Bun refuses a malformed length itself. */
export function declaredBytes(headers: Headers): number | undefined {
  const length = headers.get("content-length");
  if (length !== null) return Number(length);
  return headers.has("transfer-encoding") ? undefined : 0;
}

/** Reads a body of at most `bytesMax` bytes within `msMax` milliseconds. Rejects when the client goes away. */
export function readBody(request: Request, bytesMax: number, msMax: number): Promise<Uint8Array | Unread> {
  const declared = declaredBytes(request.headers);
  if (declared === 0) return Promise.resolve(new Uint8Array());
  if (declared !== undefined && declared > bytesMax) return Promise.resolve("too large");
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve("too slow"), msMax);
    // `request.body` makes a stream of what `bytes()` hands over at once.
    const body = declared === undefined && request.body ? readChunked(request.body, bytesMax) : request.bytes();
    body.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
