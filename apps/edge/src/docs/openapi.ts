import type { IngestLimits } from "../ingest/ports.ts";
import { acceptedMediaTypes } from "../media-type.ts";
import { problems } from "../problem.ts";

type Json = Readonly<Record<string, unknown>>;

const jsonContent = (schema: string): Json => ({
  "application/json": { schema: { $ref: `#/components/schemas/${schema}` } },
});
const problemContent: Json = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
const problemAnswer = (description: string, headers?: Json): Json => ({
  description,
  headers,
  content: problemContent,
});

const text: Json = { type: "string" };
const count: Json = { type: "integer", minimum: 0 };
const retryAfter: Json = {
  "Retry-After": { description: "Seconds to wait.", schema: { type: "integer", minimum: 1 } },
};

const object = (properties: Json, required = Object.keys(properties)): Json => ({
  type: "object",
  properties,
  required,
});

const schemas: Json = {
  Event: {
    ...object(
      {
        type: text,
        id: text,
        source: text,
        specversion: { const: "1.0" },
        time: { type: "string", format: "date-time" },
        subject: text,
        partitionkey: text,
        datacontenttype: text,
        data: {},
        data_base64: text,
      },
      ["type"],
    ),
    description: "A CloudEvents 1.0 event. Only type is required; id, source, time and specversion are filled in.",
  },
  Stored: object({ id: text, status: { enum: ["accepted", "duplicate"] }, tier: { enum: ["stream", "outbox"] } }),
  BatchAnswer: object({
    accepted: count,
    duplicates: count,
    rejected: count,
    failed: count,
    request_id: text,
    errors: { type: "array", items: { $ref: "#/components/schemas/BatchError" } },
  }),
  BatchError: object({
    index: count,
    id: { type: ["string", "null"] },
    code: text,
    detail: text,
    pointer: { type: "string", description: "JSON pointer into the event." },
    retryable: { type: "boolean" },
  }),
  Problem: {
    ...object({
      type: { type: "string", format: "uri-reference" },
      title: text,
      status: { type: "integer" },
      detail: text,
      code: { enum: Object.keys(problems) },
      retryable: { type: "boolean" },
      request_id: text,
    }),
    description: "RFC 9457. A refused batch also carries the members of BatchAnswer.",
  },
  Readiness: object({
    status: { enum: ["up", "degraded", "down", "stopping"] },
    checks: { type: "object" },
    fenced_shards: count,
  }),
};

const refusals: Json = {
  400: problemAnswer("The body is not valid JSON, not UTF-8, or damaged."),
  401: problemAnswer("No valid API key."),
  403: problemAnswer("The event's source, or that of every event of the batch, is not for this key."),
  413: problemAnswer("The body, the batch or the event is too large; limit says what is allowed."),
  415: problemAnswer("The content type, charset or content encoding is not accepted."),
  422: problemAnswer("The event, or every event of the batch, is invalid."),
  429: problemAnswer("The backlog is full.", retryAfter),
  503: problemAnswer("No storage confirmed the event in time, or too much is waiting.", retryAfter),
};

const eventSchema: Json = { $ref: "#/components/schemas/Event" };
const batchSchema: Json = { type: "array", items: eventSchema };
const batchBodies: Json = {
  "application/json": { schema: { oneOf: [batchSchema, object({ events: batchSchema })] } },
  "application/cloudevents-batch+json": { schema: batchSchema },
  "application/x-ndjson": { schema: text },
};

const bodyDescription = (limits: IngestLimits): string =>
  `At most ${limits.bodyBytesMax} bytes (gzip is accepted, the limit holds for what it decompresses to), ` +
  `${limits.batchEventsMax} events, ${limits.eventBytesMax} bytes and ${limits.depthMax} levels an event.`;

const ingestPath = (summary: string, bodies: Json, answers: Json, limits: IngestLimits): Json => ({
  post: {
    summary,
    security: [{ key: [] }],
    parameters: [
      { name: "X-Request-Id", in: "header", schema: { type: "string", pattern: "^[\\w-]{1,128}$" } },
      { name: "Idempotency-Key", in: "header", schema: { type: "string", minLength: 1 } },
      { name: "traceparent", in: "header", schema: text },
      { name: "tracestate", in: "header", schema: text },
    ],
    requestBody: { required: true, description: bodyDescription(limits), content: bodies },
    responses: { ...answers, ...refusals },
  },
});

const read = (summary: string, answers: Json): Json => ({ get: { summary, responses: answers } });
const plain = (description: string, contentType: string): Json => ({ description, content: { [contentType]: {} } });
const batchAnswers: Json = {
  202: { description: "Every event is stored.", content: jsonContent("BatchAnswer") },
  207: { description: "Some events are stored; errors names the others.", content: jsonContent("BatchAnswer") },
};
const singleBodies: Json = {
  "application/cloudevents+json": { schema: eventSchema },
  "*/*": { description: "CloudEvents binary mode: attributes in ce- headers, data in the body." },
};
const stored = { oneOf: ["Stored", "BatchAnswer"].map((name) => ({ $ref: `#/components/schemas/${name}` })) };

/** OpenAPI 3.1. Accepted content types are those of the router's own table. */
export const openApiOf = (limits: IngestLimits): Json => ({
  openapi: "3.1.0",
  info: { title: "Spillway edge", version: "1", description: `Events in. Accepted: ${acceptedMediaTypes}.` },
  paths: {
    "/v1/events": ingestPath(
      "Send one event, or a batch",
      {
        ...batchBodies,
        ...singleBodies,
        "application/json": { schema: { oneOf: [eventSchema, batchSchema, object({ events: batchSchema })] } },
      },
      { ...batchAnswers, 202: { description: "Stored.", content: { "application/json": { schema: stored } } } },
      limits,
    ),
    "/v1/batch": ingestPath("Send a batch", batchBodies, batchAnswers, limits),
    "/livez": read("Whether the process runs", { 200: plain("It does.", "application/json") }),
    "/readyz": read("Whether an event can be made durable now", {
      200: { description: "It can; degraded when something is wrong.", content: jsonContent("Readiness") },
      503: { description: "It cannot, or the edge is stopping.", content: jsonContent("Readiness") },
    }),
    "/metrics": read("Prometheus metrics", {
      200: plain("Exposition text.", "text/plain"),
      401: problemAnswer("No valid metrics token."),
      404: problemAnswer("Metrics are off."),
    }),
    "/openapi.json": read("This document", { 200: plain("OpenAPI 3.1.", "application/json") }),
    "/docs": read("This document to read", { 200: plain("One page.", "text/html") }),
  },
  components: { schemas, securitySchemes: { key: { type: "http", scheme: "bearer" } } },
});
