import type { IngestLimits } from "../ingest/ports.ts";
import { mediaTypesOf } from "../media-type.ts";
import type { ProblemCode } from "../problem.ts";
import { type Json, problemAnswers, retryAfter, schemaRef, schemas } from "./schemas.ts";

const content = (schema: Json, contentType = "application/json"): Json => ({ [contentType]: { schema } });

/** Codes that any request may be answered with. */
const ofAll: ReadonlySet<ProblemCode> = new Set(["malformed_request", "internal"]);
/** Codes of what is not declared here: other paths, and other methods. */
const ofOthers: ReadonlySet<ProblemCode> = new Set(["not_found", "method_not_allowed"]);

const batches = [schemaRef("Batch"), schemaRef("Envelope")];

/** What a body of each media type is; JSON's is asked for by the path. */
const schemaOf: Readonly<Record<string, Json>> = {
  "application/cloudevents+json": schemaRef("Event"),
  "application/cloudevents-batch+json": schemaRef("Batch"),
  "application/x-ndjson": { type: "string", description: "One event a line." },
};

const binaryMode: Json = {
  schema: { description: "CloudEvents binary mode: attributes in ce- headers, data in the body.", type: "string" },
};

const bodiesOf = (batchOnly: boolean): Json => ({
  ...Object.fromEntries(mediaTypesOf(batchOnly).map((mediaType) => [mediaType, { schema: schemaOf[mediaType] }])),
  ...content({ oneOf: batchOnly ? batches : [schemaRef("Event"), ...batches] }),
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
  parameter("Idempotency-Key", "The id of an event that has none.", { minLength: 1, maxLength: 255 }),
  parameter("Content-Encoding", "How the body is compressed.", { enum: ["gzip", "identity"] }),
  parameter("traceparent", "W3C trace context of events that have none.", {}),
  parameter("tracestate", "Belongs to traceparent.", {}),
];

type Ingest = {
  readonly operationId: string;
  readonly summary: string;
  readonly batchOnly: boolean;
  readonly stored: Json;
};

const ingestPath = ({ operationId, summary, batchOnly, stored }: Ingest, limits: IngestLimits): Json => ({
  post: {
    operationId,
    summary,
    security: [{ key: [] }],
    parameters,
    requestBody: { required: true, description: bodyDescription(limits), content: bodiesOf(batchOnly) },
    responses: {
      202: { description: "Every event is stored.", content: content(stored) },
      207: {
        description: "Some events are stored; errors names the others.",
        headers: retryAfter,
        content: content(schemaRef("BatchAnswer")),
      },
      ...problemAnswers((code) => !ofOthers.has(code), mediaTypesOf(batchOnly)),
    },
  },
});

const readPath = (
  operationId: string,
  summary: string,
  answers: Json,
  { codes = [], security = [] }: { readonly codes?: readonly ProblemCode[]; readonly security?: readonly Json[] } = {},
): Json => ({
  get: {
    operationId,
    summary,
    security,
    responses: { ...answers, ...problemAnswers((code) => ofAll.has(code) || codes.includes(code)) },
  },
});

const plain = (description: string, contentType: string): Json => ({
  description,
  content: content({ type: "string" }, contentType),
});

const readPaths: Json = {
  "/livez": readPath("livez", "Whether the process runs", {
    200: { description: "It does.", content: content(schemaRef("Liveness")) },
  }),
  "/readyz": readPath("readyz", "Whether an event can be made durable now", {
    200: { description: "It can; degraded when something is wrong.", content: content(schemaRef("Readiness")) },
    503: { description: "It cannot, or the edge is stopping.", content: content(schemaRef("Readiness")) },
  }),
  "/metrics": readPath(
    "metrics",
    "Prometheus metrics",
    { 200: plain("Exposition text.", "text/plain") },
    { codes: ["unauthorized", "not_found"], security: [{}, { metricsToken: [] }] },
  ),
  "/openapi.json": readPath("openapi", "This document", {
    200: { description: "OpenAPI 3.1.", content: content({ type: "object" }) },
  }),
  "/docs": readPath("docs", "This document to read", { 200: plain("One page.", "text/html") }),
};

/** OpenAPI 3.1. Accepted content types are those of the router's own table, refusals those of the table of problems. */
export const openApiOf = (limits: IngestLimits): Json => ({
  openapi: "3.1.0",
  info: {
    title: "Spillway edge",
    version: "1",
    description: `Events in. Accepted: ${mediaTypesOf(false).join(", ")}, and CloudEvents binary mode. Other paths are 404, other methods 405.`,
  },
  // Where this document came from.
  servers: [{ url: "/" }],
  paths: {
    "/v1/events": ingestPath(
      {
        operationId: "sendEvents",
        summary: "Send one event, or a batch",
        batchOnly: false,
        stored: { oneOf: [schemaRef("Stored"), schemaRef("BatchAnswer")] },
      },
      limits,
    ),
    "/v1/batch": ingestPath(
      {
        operationId: "sendBatch",
        summary: "Send a batch",
        batchOnly: true,
        stored: schemaRef("BatchAnswer"),
      },
      limits,
    ),
    ...readPaths,
  },
  components: {
    schemas,
    securitySchemes: {
      key: { type: "http", scheme: "bearer", description: "A key of the edge's API_KEYS." },
      metricsToken: { type: "http", scheme: "bearer", description: "The edge's METRICS_TOKEN." },
    },
  },
});
