import { durabilities } from "@spillway/event";
import type { IngestLimits } from "../ingest/ports.ts";
import { mediaTypesOf } from "../media-type.ts";
import type { ProblemCode } from "../problem.ts";
import { batchExamples, mixedExamples, singleExamples, stateExamples } from "./examples.ts";
import { type Json, preferenceApplied, problemAnswers, replayed, retryAfter, schemaRef } from "./schemas.ts";

const content = (schema: Json, contentType = "application/json", examples?: Json): Json => ({
  [contentType]: { schema, examples },
});

/** Codes that any request may be answered with. */
const ofAll: ReadonlySet<ProblemCode> = new Set(["malformed_request", "internal"]);
/** Codes of what is not declared here: other paths, and other methods. */
const ofOthers: ReadonlySet<ProblemCode> = new Set([
  "not_found",
  "method_not_allowed",
  "schema_forbidden",
  "invalid_schema",
  "incompatible_schema",
  "too_many_schemas",
]);
/** Of keys that may not. */
const ofSenders: ReadonlySet<ProblemCode> = new Set(["unauthorized", "key_in_address", "origin_forbidden"]);
const ofLookups: ReadonlySet<ProblemCode> = new Set(["event_not_seen", "too_many_lookups", "lookup_unavailable"]);

const batches = [schemaRef("Batch"), schemaRef("Envelope")];

const lines: Json = { type: "string", description: "One event a line." };

/** What a body of each media type is; JSON's is asked for by the path. */
const schemaOf: Readonly<Record<string, Json>> = {
  "application/cloudevents+json": schemaRef("Event"),
  "application/cloudevents-batch+json": schemaRef("Batch"),
  "application/x-ndjson": lines,
  "application/ndjson": lines,
  "application/jsonl": lines,
};

const binaryMode: Json = {
  schema: { description: "CloudEvents binary mode: attributes in ce- headers, data in the body.", type: "string" },
};

const bodiesOf = (batchOnly: boolean): Json => ({
  ...Object.fromEntries(mediaTypesOf(batchOnly).map((mediaType) => [mediaType, { schema: schemaOf[mediaType] }])),
  ...content({ oneOf: batchOnly ? batches : [schemaRef("Event"), ...batches] }),
  // What only pages send: as application/json.
  ...content({ type: "string", description: "JSON, with a publishable key only." }, "text/plain"),
  ...(batchOnly ? {} : { "*/*": binaryMode }),
});

const bodyDescription = (limits: IngestLimits): string =>
  `At most ${limits.bodyBytesMax} bytes (gzip is accepted, the limit holds for what it decompresses to), ` +
  `${limits.batchEventsMax} events, ${limits.eventBytesMax} bytes and ${limits.depthMax} levels an event; ` +
  `${limits.bodyTimeoutMs} ms to arrive.`;

const parameter = (name: string, description: string, schema: Json): Json => ({
  name,
  in: "header",
  description,
  schema: { type: "string", ...schema },
});

const parameters: readonly Json[] = [
  parameter("X-Request-Id", "Comes back in the answer.", { pattern: "^[\\w-]{1,128}$" }),
  parameter(
    "Idempotency-Key",
    "Sent again with it, the request is given its answer again. The id of an event that has none.",
    { minLength: 1, maxLength: 255 },
  ),
  parameter("Spillway-Durability", "What must have an event before it is answered, where the key may ask for it.", {
    enum: [...durabilities],
  }),
  parameter("Content-Encoding", "How the body is compressed.", { enum: ["gzip", "identity"] }),
  parameter("Prefer", "A batch's answer says of each event what became of it.", { enum: ["return=representation"] }),
  parameter("traceparent", "W3C trace context of events that have none.", {}),
  parameter("tracestate", "Belongs to traceparent.", {}),
];

/** What OpenAPI says of a route besides its name. */
export type Operation = (limits: IngestLimits) => Json;

export const ingestOperation =
  (batchOnly: boolean, stored: Json): Operation =>
  (limits) => ({
    security: [{ key: [] }, { pageKey: [] }],
    parameters,
    requestBody: { required: true, description: bodyDescription(limits), content: bodiesOf(batchOnly) },
    responses: {
      202: {
        description: "Every event is stored.",
        headers: { ...preferenceApplied, ...replayed },
        content: content(stored, undefined, batchOnly ? batchExamples : { ...singleExamples, ...batchExamples }),
      },
      207: {
        description: "Some events are stored; errors names the others.",
        headers: { ...retryAfter, ...preferenceApplied, ...replayed },
        content: content(schemaRef("BatchAnswer"), undefined, mixedExamples),
      },
      ...problemAnswers((code) => !ofOthers.has(code) && !ofLookups.has(code), mediaTypesOf(batchOnly)),
    },
  });

const inUrl = (name: string, where: "path" | "query", description: string): Json => ({
  name,
  in: where,
  required: where === "path",
  description,
  schema: { type: "string", minLength: 1 },
});

export const lookupOperation: Operation = () => ({
  security: [{ key: [] }],
  parameters: [
    inUrl("id", "path", "The event's, percent-encoded."),
    inUrl("source", "query", "The event's; without it the default source of the key."),
    inUrl(
      "partitionkey",
      "query",
      "The event's partition key, or subject, where it is known: then one shard is asked.",
    ),
  ],
  responses: {
    200: {
      description: "It waits, was relayed, or died.",
      content: content(schemaRef("EventState"), undefined, stateExamples),
    },
    ...problemAnswers((code) => ofAll.has(code) || ofLookups.has(code) || ofSenders.has(code)),
  },
});

export const readOperation =
  (answers: Json, codes: readonly ProblemCode[] = [], security: readonly Json[] = []): Operation =>
  () => ({
    security,
    responses: { ...answers, ...problemAnswers((code) => ofAll.has(code) || codes.includes(code)) },
  });

/** With what it may be: a document without examples is read by nobody. */
export const answerOf = (description: string, schema: Json, example: unknown, contentType?: string): Json => ({
  description,
  content: content(schema, contentType, { answer: { value: example } }),
});
