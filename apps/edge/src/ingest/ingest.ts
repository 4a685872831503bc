import { refusalOf } from "../auth/api-key.ts";
import { readRequestBody } from "../body.ts";
import { acceptedMediaTypes, isBatchForm, type MediaType, mediaTypeOf } from "../media-type.ts";
import { type Problem, respondProblem } from "../respond.ts";
import { createAdmit } from "./admit.ts";
import { ingestBatch } from "./batch.ts";
import type { IngestLimits, IngestPorts } from "./ports.ts";
import { readForm } from "./read.ts";
import { ingestSingle } from "./single.ts";

/** Handles one POST: a single event or a batch, or batches only. */
export type Ingest = (request: Request, requestId: string, batchOnly: boolean) => Promise<Response>;

/**
 * Reading a body of this size takes a tenth of a millisecond. Dozens that arrive together are read one a turn, so that
 * the answer to an append does not wait for all of them.
 */
const LARGE_BYTES = 8 * 1024;

const traceparentForm = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

const traceparentOf = (headers: Headers): string | null => {
  const traceparent = headers.get("traceparent");
  return traceparent !== null && traceparentForm.test(traceparent) ? traceparent : null;
};

const unauthorized = (authorization: string | null): Problem => ({
  code: "unauthorized",
  detail: refusalOf(authorization),
  headers: { "www-authenticate": 'Bearer realm="spillway"' },
});

const mediaTypeProblem = (media: Exclude<MediaType, { kind: "ok" }>): Problem => ({
  code: media.code,
  detail: media.detail,
  headers: { "accept-post": acceptedMediaTypes },
});

const singleForm: Problem = {
  code: "unsupported_media_type",
  detail: "this path takes batches; send one event to /v1/events",
  headers: { "accept-post": acceptedMediaTypes },
};

const notABatch: Problem = { code: "not_a_batch", detail: 'a batch is a JSON array or {"events":[…]}' };

const bodyProblem = (
  code: "body_too_large" | "damaged_body" | "unsupported_content_encoding",
  bytesMax: number,
): Problem => {
  switch (code) {
    case "body_too_large":
      return { code, detail: `the limit is ${bytesMax} bytes, decompressed too`, members: { limit: bytesMax } };
    case "damaged_body":
      return { code, detail: "the body ended early or its compression is damaged" };
    case "unsupported_content_encoding":
      return { code, detail: "accepted are gzip and identity", headers: { "accept-encoding": "gzip" } };
  }
};

/** The cheap checks come first: a body is read only for somebody who may send it, in a form that can be read. */
export const createIngest = (ports: IngestPorts, limits: IngestLimits): Ingest => {
  const { clock, newId, keyOf, sources } = ports;
  const admit = createAdmit(ports, limits);
  return async (request, requestId, batchOnly) => {
    const { headers } = request;
    const authorization = headers.get("authorization");
    const name = keyOf(authorization)?.name;
    if (name === undefined) return respondProblem(unauthorized(authorization), requestId);
    const media = mediaTypeOf(headers);
    if (media.kind === "refused") return respondProblem(mediaTypeProblem(media), requestId);
    if (batchOnly && !isBatchForm(media.form)) return respondProblem(singleForm, requestId);
    const body = await readRequestBody(request, limits.bodyBytesMax);
    if (body.kind === "refused") return respondProblem(bodyProblem(body.code, limits.bodyBytesMax), requestId);
    if (body.bytes.length >= LARGE_BYTES) await ports.turns();
    const source = sources.defaultOf(name);
    const defaults = { source, nowMs: clock.wallMs(), newId, traceparent: traceparentOf(headers) };
    const { contentType } = media;
    const read = readForm(media.form, { headers, contentType, bytes: body.bytes }, defaults, limits);
    if (read.kind === "malformed") return respondProblem({ code: read.code, detail: read.detail }, requestId);
    if (read.kind === "ok") return ingestBatch(read.events, (event) => admit(event, name), ports, limits, requestId);
    if (batchOnly) return respondProblem(notABatch, requestId);
    return ingestSingle(admit(read.event, name), ports, limits, requestId);
  };
};
