import { type EventLimits, type ReadEvent, tooLarge } from "./complete.ts";
import { type Defaults, faultInBytes } from "./event.ts";
import { isJson } from "./json.ts";
import { readEvent } from "./read.ts";

const PREFIX = "ce-";
const textEncoder = new TextEncoder();
const jsonMediaType = /^[^;]*[/+]json\s*(;|$)/i;
export const isJsonMediaType = (mediaType: string): boolean => jsonMediaType.test(mediaType);

const printable = /^[ -~]*$/;
const quotedString = /^"(?:[^"\\]|\\.)*"$/;

type HeaderValue = { readonly kind: "ok"; readonly text: string } | { readonly kind: "fault"; readonly detail: string };
const fault = (detail: string): HeaderValue => ({ kind: "fault", detail });

/**
 * The attribute's value in a header (CloudEvents HTTP binding 3.1.3.2): a quoted string is unescaped, then `%XX`
 * sequences are UTF-8. Whatever a header could not have said that way is refused, not guessed at: fetch shows raw
 * UTF-8 as Latin-1 ("Zoë" as "ZoÃ«"), and a header that came twice as one value with ", " between.
 */
const valueIn = (header: string): HeaderValue => {
  if (!printable.test(header)) return fault("must be printable ASCII; percent-encode other characters as UTF-8");
  const isQuoted = header.startsWith('"');
  if (isQuoted && !quotedString.test(header))
    return fault("is no quoted string, or came twice; percent-encode a quote as %22");
  if (!isQuoted && header.includes(", "))
    return fault("came twice, or has a space that must be percent-encoded as %20");
  const unescaped = isQuoted ? header.slice(1, -1).replace(/\\(.)/g, "$1") : header;
  try {
    return { kind: "ok", text: decodeURIComponent(unescaped) };
  } catch {
    // A URIError has nothing to add.
    return fault("is not percent-encoded UTF-8");
  }
};

const base64Of = (bytes: Uint8Array): string => {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
};

/** The data member: JSON as the bytes that were sent, anything else as base64; null when there is no body. */
const dataMember = (isJsonData: boolean, body: Uint8Array): Uint8Array | null => {
  if (body.length === 0) return null;
  if (!isJsonData) return textEncoder.encode(`"data_base64":"${base64Of(body)}"`);
  const name = textEncoder.encode('"data":');
  const member = new Uint8Array(name.length + body.length);
  member.set(name);
  member.set(body, name.length);
  return member;
};

/**
 * Reads CloudEvents binary mode: attributes in `ce-` headers, data in the body. The event is kept in structured mode;
 * JSON data is embedded as it was sent, so it must be JSON by itself (`1,"id":"x"` would be an injection).
 */
export const readBinary = (
  headers: Iterable<readonly [string, string]>,
  mediaType: string,
  body: Uint8Array,
  defaults: Defaults,
  limits: EventLimits,
): ReadEvent => {
  const isJsonData = isJsonMediaType(mediaType);
  const dataBytes = isJsonData ? body.length : Math.ceil(body.length / 3) * 4;
  if (dataBytes > limits.eventBytesMax) return tooLarge(limits);
  const members: string[] = [];
  for (const [header, raw] of headers) {
    const name = header.toLowerCase();
    if (!name.startsWith(PREFIX)) continue;
    const value = valueIn(raw);
    if (value.kind === "fault") return faultInBytes("invalid_encoding", `header ${name} ${value.detail}`);
    const attribute = name.slice(PREFIX.length);
    if (attribute === "datacontenttype" || attribute === "data" || attribute === "data_base64")
      return faultInBytes("invalid_attribute_name", `header ${name} is not allowed: the body is the data`);
    members.push(`${JSON.stringify(attribute)}:${JSON.stringify(value.text)}`);
  }
  if (isJsonData && body.length > 0 && !isJson(body))
    return faultInBytes("invalid_json", "the data is not valid JSON, as its content type says");
  if (mediaType !== "") members.push(`"datacontenttype":${JSON.stringify(mediaType)}`);
  const data = dataMember(isJsonData, body);
  const head = textEncoder.encode(`{${members.join(",")}${data === null ? "" : ","}`);
  const bytes = new Uint8Array(head.length + (data?.length ?? 0) + 1);
  bytes.set(head);
  if (data !== null) bytes.set(data, head.length);
  bytes[bytes.length - 1] = 0x7d;
  return readEvent(bytes, defaults, limits);
};
