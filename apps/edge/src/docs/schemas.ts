import { MEMBERS_MAX, NAME_LENGTH_MAX, schemaModes, VALUE_LENGTH_MAX } from "@spillway/event";
import { type ProblemCode, problems } from "../problem.ts";
import { problemExample } from "./examples.ts";
import { limitProperties } from "./limits.ts";

export type Json = Readonly<Record<string, unknown>>;

export const schemaRef = (name: keyof typeof schemas): Json => ({ $ref: `#/components/schemas/${name}` });

const text: Json = { type: "string" };
const count: Json = { type: "integer", minimum: 0 };
/** An attribute; null counts as absent. */
const attribute = (what: Json = {}): Json => ({
  type: ["string", "null"],
  minLength: 1,
  maxLength: VALUE_LENGTH_MAX,
  ...what,
});

export const object = (properties: Json, required = Object.keys(properties)): Json => ({
  type: "object",
  properties,
  required,
});

const held: Json = {
  enum: ["stream", "outbox", "both"],
  description: "What has it; both are the stream and a copy in Postgres.",
};

const batchAnswer = {
  accepted: count,
  duplicates: count,
  invalid: count,
  refused: count,
  tiers: {
    ...object({ both: count, stream: count, outbox: count }),
    description: "Where a batch is that has events for both.",
  },
  request_id: text,
  events: {
    type: "array",
    items: { $ref: "#/components/schemas/EventAnswer" },
    description: "Each event of the batch in its order, where `Prefer: return=representation` asked for them.",
  },
  warnings: {
    type: "array",
    items: object({ index: count, id: text, code: { const: "schema_violation" }, detail: text, pointer: text }),
    description: "Events that are stored though their data breaks the schema of their type, whose mode is warn.",
  },
  errors: { type: "array", items: { $ref: "#/components/schemas/BatchError" } },
};

export const schemas = {
  Event: {
    ...object(
      {
        type: attribute({ type: "string" }),
        id: attribute(),
        source: attribute({ format: "uri-reference" }),
        specversion: { enum: ["1.0", null] },
        time: attribute({ format: "date-time" }),
        subject: attribute(),
        partitionkey: attribute(),
        datacontenttype: attribute(),
        dataschema: attribute({ format: "uri" }),
        data: {},
        data_base64: { type: ["string", "null"], contentEncoding: "base64" },
      },
      ["type"],
    ),
    propertyNames: { pattern: `^(?:[a-z0-9]{1,${NAME_LENGTH_MAX}}|data_base64)$` },
    maxProperties: MEMBERS_MAX,
    additionalProperties: { type: ["string", "integer", "boolean", "null"] },
    description: "A CloudEvents 1.0 event. Only type is required; id, source, time and specversion are filled in.",
    examples: [{ type: "order.created", subject: "order-17", data: { total: 12.5 } }],
  },
  Batch: { type: "array", items: { $ref: "#/components/schemas/Event" } },
  Envelope: object({ events: { $ref: "#/components/schemas/Batch" } }),
  Stored: object(
    {
      id: text,
      status: { enum: ["accepted", "duplicate"] },
      tier: held,
      request_id: text,
      warnings: {
        type: "array",
        items: { $ref: "#/components/schemas/EventError" },
        description: "How the data breaks the schema of its type, whose mode is warn.",
      },
    },
    ["id", "status", "tier", "request_id"],
  ),
  BatchAnswer: object(
    batchAnswer,
    Object.keys(batchAnswer).filter((name) => !["tiers", "events", "warnings"].includes(name)),
  ),
  EventAnswer: object(
    {
      id: { type: ["string", "null"], description: "Null where it had none, and is invalid." },
      status: { enum: ["accepted", "duplicate", "invalid", "refused"] },
      tier: held,
    },
    ["id", "status"],
  ),
  BatchError: object({
    index: count,
    id: { type: ["string", "null"] },
    code: { enum: Object.keys(problems) },
    detail: text,
    pointer: { type: "string", description: "JSON pointer into the event." },
    retryable: { type: "boolean" },
  }),
  EventError: object({
    code: { enum: Object.keys(problems) },
    detail: text,
    pointer: { type: "string", description: "JSON pointer into the event." },
  }),
  Problem: {
    ...object(
      {
        type: { type: "string", format: "uri-reference" },
        title: text,
        status: { type: "integer" },
        detail: text,
        code: { enum: Object.keys(problems) },
        retryable: { type: "boolean", description: "Whether the same request may succeed later." },
        id: { type: ["string", "null"], description: "The event's." },
        pointer: { type: "string", description: "JSON pointer into the event." },
        limit: { type: "integer", description: "What is allowed." },
        seen_since: {
          type: ["string", "null"],
          format: "date-time",
          description: "Of an event that was not seen: what came in since then would be known.",
        },
        death: { $ref: "#/components/schemas/Death" },
        ...batchAnswer,
        errors: {
          type: "array",
          items: { anyOf: [{ $ref: "#/components/schemas/BatchError" }, { $ref: "#/components/schemas/EventError" }] },
          description: "Of a batch what is not stored; of one event all that is wrong with it, ten at most.",
        },
      },
      ["type", "title", "status", "detail", "code", "retryable", "request_id"],
    ),
    description: "RFC 9457. A refused batch also carries the members of BatchAnswer.",
  },
  Registered: object(
    { type: text, mode: { enum: [...schemaModes] }, id: { type: "integer" }, version: { type: "integer" } },
    ["type", "mode"],
  ),
  RegisteredSchema: object({
    subject: text,
    version: { type: "integer" },
    id: { type: "integer" },
    schemaType: { const: "JSON" },
    schema: text,
  }),
  SchemaText: object({ schemaType: { const: "JSON" }, schema: text }),
  Compatibility: object({ compatibilityLevel: { const: "BACKWARD" } }),
  RegistryFailure: object({ error_code: { type: "integer" }, message: text }),
  Death: object({
    class: { enum: ["poison", "oversize", "rejected", "undecodable"] },
    code: { type: "string", description: "Why, by the relay's table of codes." },
    died_at: { type: "string", format: "date-time" },
    operator: { enum: ["waiting", "replayed", "discarded"], description: "What operators have decided." },
  }),
  EventState: object(
    {
      id: text,
      source: text,
      status: { enum: ["pending", "relayed", "dead"] },
      tier: {
        enum: ["stream", "outbox", "both", "parked"],
        description: "Where it waits; parked: its topic takes none now.",
      },
      since: { type: "string", format: "date-time", description: "Since when it waits there." },
      death: { $ref: "#/components/schemas/Death" },
    },
    ["id", "source", "status"],
  ),
  Limits: object(limitProperties),
  Liveness: object({ status: { const: "up" } }),
  Readiness: object({
    status: { enum: ["up", "degraded", "down", "stopping"] },
    checks: { type: "object" },
    diverted_shards: count,
    refusals: { type: "object" },
    limits: { type: "object" },
  }),
} as const;

const codes = Object.keys(problems) as ProblemCode[];
const header = (description: string, schema: Json): Json => ({ description, schema });
const wait = header("Seconds to wait.", { type: "integer", minimum: 1 });

const headersOf = (mediaTypes: readonly string[]): Readonly<Record<number, Json>> => ({
  401: { "WWW-Authenticate": header("How to authenticate.", text) },
  415: {
    "Accept-Post": header("The content types.", { const: mediaTypes.join(", ") }),
    "Accept-Encoding": header("The content encodings.", { const: "gzip" }),
  },
  409: { "Retry-After": wait },
  429: { "Retry-After": wait },
  503: { "Retry-After": wait },
});

export const retryAfter: Json = { "Retry-After": wait };
export const replayed: Json = {
  "Idempotent-Replayed": header("The answer was given before, to the same `Idempotency-Key`.", { const: "true" }),
};
export const preferenceApplied: Json = {
  "Preference-Applied": header("Of a batch, where `Prefer` was met.", { const: "return=representation" }),
};

/**
 * Every status with which problems are answered, and what their codes mean: the table of `problem.ts`, told again.
 * `mediaTypes` are those that the path takes.
 */
export const problemAnswers = (isMeant: (code: ProblemCode) => boolean, mediaTypes: readonly string[] = []): Json => {
  const meant = codes.filter(isMeant);
  const answer = (status: number): Json => {
    const ofStatus = meant.filter((code) => problems[code].status === status);
    return {
      description: ofStatus.map((code) => `${code}: ${problems[code].title}.`).join(" "),
      headers: headersOf(mediaTypes)[status],
      content: {
        "application/problem+json": {
          schema: { allOf: [schemaRef("Problem"), { properties: { code: { enum: ofStatus } } }] },
          examples: Object.fromEntries(ofStatus.map((code) => [code, problemExample(code)])),
        },
      },
    };
  };
  return Object.fromEntries(meant.map((code) => [problems[code].status, answer(problems[code].status)]));
};
