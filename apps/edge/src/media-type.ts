import { isJsonMediaType } from "@spillway/event";

/** How a body is read. `binary`: CloudEvents binary mode, attributes in `ce-` headers. */
export type BodyForm = "json" | "structured" | "batch" | "lines" | "binary";

type Refused = {
  readonly kind: "refused";
  readonly code: "unsupported_media_type" | "unsupported_charset";
  readonly detail: string;
};

export type MediaType = { readonly kind: "ok"; readonly form: BodyForm; readonly contentType: string } | Refused;

const forms: ReadonlyMap<string, BodyForm> = new Map<string, BodyForm>([
  ["application/json", "json"],
  ["application/cloudevents+json", "structured"],
  ["application/cloudevents-batch+json", "batch"],
  ["application/x-ndjson", "lines"],
  ["application/ndjson", "lines"],
  ["application/jsonl", "lines"],
]);

const singleForms: ReadonlySet<BodyForm> = new Set(["structured", "binary"]);

/** The media types that a path takes, for `Accept-Post` and the documents: each of a batch, or any. */
export const mediaTypesOf = (batchOnly: boolean): readonly string[] =>
  [...forms].flatMap(([mediaType, form]) => (batchOnly && singleForms.has(form) ? [] : [mediaType]));

const charsets = /;\s*charset\s*=\s*"?([^";\s]*)/gi;

/** JSON is UTF-8 and kept as it is: another name for its encoding would make consumers read other letters. */
const otherCharset = (contentType: string): boolean =>
  [...contentType.matchAll(charsets)].some(([, name]) => !/^utf-?8$/i.test(name ?? ""));

const refuseCharset: Refused = { kind: "refused", code: "unsupported_charset", detail: "charset must be utf-8" };

/** One required attribute is enough: an event in binary mode that lacks the others is refused, and not read as something else. */
const isBinaryMode = (headers: Headers): boolean =>
  headers.has("ce-type") || headers.has("ce-specversion") || headers.has("ce-id") || headers.has("ce-source");

const refuseType = (detail: string): Refused => ({ kind: "refused", code: "unsupported_media_type", detail });

/** JSON by another name: as text a page sends it without asking first, and `sendBeacon` calls no string anything else. */
const PLAIN = "text/plain";

/** The CloudEvents HTTP binding's rule: `application/cloudevents…` says structured or batch, `ce-` headers say binary. */
const formOf = (headers: Headers, isPage: boolean): MediaType => {
  const contentType = headers.get("content-type") ?? "";
  const known = forms.get(contentType);
  const semicolon = contentType.indexOf(";");
  const essence = known
    ? contentType
    : (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
  if (!essence.startsWith("application/cloudevents") && isBinaryMode(headers))
    return isJsonMediaType(contentType) && otherCharset(contentType)
      ? refuseCharset
      : { kind: "ok", form: "binary", contentType };
  const form = known ?? (isPage && essence === PLAIN ? "json" : forms.get(essence));
  if (form === undefined)
    return refuseType(
      contentType === "" ? "Content-Type is missing" : `accepted are ${mediaTypesOf(false).join(", ")}, or ce- headers`,
    );
  return known === undefined && otherCharset(contentType) ? refuseCharset : { kind: "ok", form, contentType };
};

/**
 * How the body of a request is read, by its headers; on a path for batches no form that holds one event is. `isPage`: it came with a
 * publishable key.
 */
export const mediaTypeOf = (headers: Headers, batchOnly: boolean, isPage: boolean): MediaType => {
  const media = formOf(headers, isPage);
  return batchOnly && media.kind === "ok" && singleForms.has(media.form)
    ? refuseType("this path takes batches; send one event to /v1/events")
    : media;
};
