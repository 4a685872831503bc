import {
  type BatchLimits,
  type Defaults,
  type ReadBody,
  type ReadEvent,
  readBatch,
  readBinary,
  readBody,
  readEvent,
  readLines,
} from "@spillway/event";
import type { BodyForm } from "../media-type.ts";

const single = (event: ReadEvent): ReadBody => ({ kind: "single", event });

/** JSON that is not JSON is the request's fault (400), not an invalid event's (422). */
const singleOrMalformed = (event: ReadEvent): ReadBody =>
  event.kind === "invalid" && (event.code === "invalid_json" || event.code === "invalid_encoding")
    ? { kind: "malformed", code: event.code, detail: event.detail }
    : single(event);

/** Reads the events of a body in the form that its content type announced. */
export const readForm = (
  form: BodyForm,
  request: { readonly headers: Headers; readonly contentType: string; readonly bytes: Uint8Array },
  defaults: Defaults,
  limits: BatchLimits,
): ReadBody => {
  const { bytes } = request;
  switch (form) {
    case "json":
      return readBody(bytes, defaults, limits);
    case "structured":
      return singleOrMalformed(readEvent(bytes, defaults, limits));
    case "batch":
      return readBatch(bytes, defaults, limits);
    case "lines":
      return readLines(bytes, defaults, limits);
    case "binary":
      return singleOrMalformed(readBinary(request.headers, request.contentType, bytes, defaults, limits));
  }
};
