import { isJsonMediaType } from "@spillway/event";

/** How a body is read. `binary`: CloudEvents binary mode, attributes in `ce-` headers. */
export type BodyForm = "json" | "structured" | "batch" | "lines" | "binary";

export type MediaType =
  | { readonly kind: "ok"; readonly form: BodyForm; readonly contentType: string }
  | {
      readonly kind: "refused";
      readonly code: "unsupported_media_type" | "unsupported_charset";
      readonly detail: string;
    };

const forms: ReadonlyMap<string, BodyForm> = new Map<string, BodyForm>([
  ["application/json", "json"],
  ["application/cloudevents+json", "structured"],
  ["application/cloudevents-batch+json", "batch"],
  ["application/x-ndjson", "lines"],
]);

/** For `Accept-Post`. */
export const acceptedMediaTypes = [...forms.keys()].join(", ");

const batchForms: ReadonlySet<BodyForm> = new Set(["json", "batch", "lines"]);
export const isBatchForm = (form: BodyForm): boolean => batchForms.has(form);

const charsets = /;\s*charset\s*=\s*"?([^";\s]*)/gi;

/** JSON is UTF-8 and kept as it is: another name for its encoding would make consumers read other letters. */
const otherCharset = (contentType: string): boolean =>
  [...contentType.matchAll(charsets)].some(([, name]) => !/^utf-?8$/i.test(name ?? ""));

const refuseCharset: MediaType = { kind: "refused", code: "unsupported_charset", detail: "charset must be utf-8" };

/** One required attribute is enough: an event in binary mode that lacks the others is refused, and not read as something else. */
const isBinaryMode = (headers: Headers): boolean =>
  headers.has("ce-type") || headers.has("ce-specversion") || headers.has("ce-id") || headers.has("ce-source");

const refuseType = (contentType: string): MediaType => ({
  kind: "refused",
  code: "unsupported_media_type",
  detail: contentType === "" ? "Content-Type is missing" : `accepted are ${acceptedMediaTypes}, or ce- headers`,
});

/** The CloudEvents HTTP binding's rule: `application/cloudevents…` says structured or batch, `ce-` headers say binary. */
export const mediaTypeOf = (headers: Headers): MediaType => {
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
  const form = known ?? forms.get(essence);
  if (form === undefined) return refuseType(contentType);
  return known === undefined && otherCharset(contentType) ? refuseCharset : { kind: "ok", form, contentType };
};
