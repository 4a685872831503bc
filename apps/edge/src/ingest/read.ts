import {
  type BatchLimits,
  batchPieces,
  beginsOneEvent,
  bodyPieces,
  type Defaults,
  linesPieces,
  type Pieces,
  type ReadBody,
  type ReadEvent,
  readBinary,
  readEvent,
} from "@spillway/event";
import type { BodyForm } from "../media-type.ts";

const single = (event: ReadEvent): ReadBody => ({ kind: "single", event });

/** JSON that is not JSON is the request's fault (400), not an invalid event's (422). */
const singleOrMalformed = (event: ReadEvent): ReadBody =>
  event.kind === "invalid" && (event.code === "invalid_json" || event.code === "invalid_encoding")
    ? { kind: "malformed", code: event.code, detail: event.detail }
    : single(event);

/** Whether what is longer than an event may be and begins so is refused: it holds one event, however it goes on. */
export const isOneEvent = (form: BodyForm, beginning: Uint8Array): boolean => {
  switch (form) {
    case "json":
      return beginsOneEvent(beginning);
    case "structured":
    case "binary":
      return true;
    case "batch":
    case "lines":
      return false;
  }
};

/** Reads the events of a body in the form that its content type announced. What holds one event is one piece. */
export const readForm = function* (
  form: BodyForm,
  request: { readonly headers: Headers; readonly contentType: string; readonly bytes: Uint8Array },
  defaults: Defaults,
  limits: BatchLimits,
): Pieces<ReadBody> {
  const { bytes } = request;
  switch (form) {
    case "json":
      return yield* bodyPieces(bytes, defaults, limits);
    case "structured":
      return singleOrMalformed(readEvent(bytes, defaults, limits));
    case "batch":
      return yield* batchPieces(bytes, defaults, limits);
    case "lines":
      return yield* linesPieces(bytes, defaults, limits);
    case "binary":
      return singleOrMalformed(readBinary(request.headers, request.contentType, bytes, defaults, limits));
  }
};
