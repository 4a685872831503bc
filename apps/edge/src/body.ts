export type BodyRefusal = "body_too_large" | "damaged_body" | "unsupported_content_encoding";

/** A request's body as it was before compression, or why it is not read. */
export type Body =
  | { readonly kind: "ok"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "refused"; readonly code: BodyRefusal };

const tooLarge: Body = { kind: "refused", code: "body_too_large" };
const damaged: Body = { kind: "refused", code: "damaged_body" };

const join = (parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};

/** Reads to the end or to the limit, whichever comes first: what a gzip bomb unfolds to is never all in memory. */
const readStream = async (stream: ReadableStream<Uint8Array>, bytesMax: number): Promise<Body> => {
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { kind: "ok", bytes: join(parts, length) };
    length += value.length;
    if (length > bytesMax) {
      // Not awaited: a client that goes on sending would keep its own answer waiting.
      reader.cancel().catch(() => undefined);
      return tooLarge;
    }
    parts.push(value);
  }
};

const inflate = (bytes: Uint8Array<ArrayBuffer>, bytesMax: number): Promise<Body> =>
  readStream(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")), bytesMax);

const readReceived = async (request: Request, declared: boolean, bytesMax: number): Promise<Body> => {
  if (declared) return { kind: "ok", bytes: new Uint8Array(await request.arrayBuffer()) };
  return request.body === null ? { kind: "ok", bytes: new Uint8Array() } : readStream(request.body, bytesMax);
};

const encodings: ReadonlySet<string> = new Set(["", "identity", "gzip", "x-gzip"]);

/**
 * Reads a body of at most `bytesMax` bytes, before and after decompression. A declared length saves counting: the
 * server never passes on more than was declared.
 */
export const readRequestBody = async (request: Request, bytesMax: number): Promise<Body> => {
  const { headers } = request;
  const declared = headers.get("content-length");
  if (declared !== null && Number(declared) > bytesMax) return tooLarge;
  const encoding = headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  if (!encodings.has(encoding)) return { kind: "refused", code: "unsupported_content_encoding" };
  try {
    const received = await readReceived(request, declared !== null, bytesMax);
    return received.kind === "ok" && encoding.endsWith("gzip") ? await inflate(received.bytes, bytesMax) : received;
  } catch {
    // A client that went away, or bytes that are not gzip: the error's text differs by runtime and says no more.
    return damaged;
  }
};
