export type Fields = ReadonlyMap<string, string>;

/** What a request's form holds. `damaged`: it ended early, or is not UTF-8. */
export type Form = { readonly kind: "ok"; readonly fields: Fields } | { readonly kind: "too_large" | "damaged" };

const urlEncoded = /^application\/x-www-form-urlencoded\s*(;|$)/i;

const textOf = async (body: ReadableStream<Uint8Array>, bytesMax: number): Promise<string | null> => {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const reader = body.getReader();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > bytesMax) {
      await reader.cancel();
      return null;
    }
    text += decoder.decode(value, { stream: true });
  }
};

const decoded = (part: string): string => decodeURIComponent(part.replaceAll("+", " "));

const fieldsOf = (text: string): Fields => {
  const fields = new Map<string, string>();
  for (const pair of text.split("&")) {
    const equals = pair.indexOf("=");
    if (equals > 0) fields.set(decoded(pair.slice(0, equals)), decoded(pair.slice(equals + 1)));
  }
  return fields;
};

/** Reads a body of at most so many bytes; what is no urlencoded form has no fields. Never rejects: strangers send it. */
export const readForm = async (request: Request, bytesMax: number): Promise<Form> => {
  const { headers, body } = request;
  if (Number(headers.get("content-length")) > bytesMax) return { kind: "too_large" };
  if (body === null || !urlEncoded.test(headers.get("content-type") ?? "")) return { kind: "ok", fields: new Map() };
  try {
    const text = await textOf(body, bytesMax);
    return text === null ? { kind: "too_large" } : { kind: "ok", fields: fieldsOf(text) };
  } catch {
    // Of a lost connection or of bytes that are no text: the sender's, and all that is known is said by the answer.
    return { kind: "damaged" };
  }
};
