import { schemaModes } from "@spillway/event";
import type { ProblemCode } from "../problem.ts";
import { answerOf, type Operation } from "./operation.ts";
import { type Json, problemAnswers, schemaRef } from "./schemas.ts";

const codes: ReadonlySet<ProblemCode> = new Set([
  "malformed_request",
  "unsupported_trailers",
  "damaged_body",
  "invalid_json",
  "unauthorized",
  "key_in_address",
  "origin_forbidden",
  "schema_forbidden",
  "body_too_slow",
  "body_too_large",
  "incompatible_schema",
  "too_many_schemas",
  "unsupported_media_type",
  "unsupported_content_encoding",
  "unsupported_expectation",
  "invalid_schema",
  "internal",
  "overloaded",
  "unavailable",
]);

const registered = schemaRef("Registered");
const registeredExample = { type: "order.created", mode: "enforce", id: 7, version: 2 };

export const registerOperation: Operation = () => ({
  security: [{ key: [] }],
  requestBody: {
    required: true,
    description: "A schema, a mode, or both. A mode alone is for a type that has a schema.",
    content: {
      "application/json": {
        schema: {
          type: "object",
          properties: {
            type: { type: "string", minLength: 1, maxLength: 256 },
            schema: {
              type: ["object", "boolean"],
              description: "JSON Schema 2020-12, of which libs/schemas reads a part.",
            },
            mode: { enum: [...schemaModes], description: "A new type's is warn unless told." },
          },
          required: ["type"],
        },
        examples: {
          order: {
            summary: "Events that break it are refused",
            value: {
              type: "order.created",
              mode: "enforce",
              schema: { type: "object", properties: { total: { type: "number", minimum: 0 } }, required: ["total"] },
            },
          },
        },
      },
    },
  },
  responses: {
    200: answerOf("It was there, or the mode is set.", registered, registeredExample),
    201: answerOf("It is a new version.", registered, registeredExample),
    ...problemAnswers((code) => codes.has(code), ["application/json"]),
  },
});

const CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";
const parameter = (name: string): Json => ({ name, in: "path", required: true, schema: { type: "string" } });
const failure = (error_code: number, message: string): Json =>
  answerOf(message, schemaRef("RegistryFailure"), { error_code, message }, CONTENT_TYPE);

/** Of the registry's reading part: its own content type, its own failures. */
export const registryOperation =
  (schema: Json, example: unknown, parameters: readonly string[] = []): Operation =>
  () => ({
    security: [{ key: [] }, { registry: [] }],
    parameters: parameters.map(parameter),
    responses: {
      200: answerOf("As the registry answers.", schema, example, CONTENT_TYPE),
      401: failure(40101, "There is no key of the edge, as Bearer or as the password of Basic."),
      ...(parameters.length === 0
        ? {}
        : { 404: failure(40401, "There is no such subject; 40402 version, 40403 schema.") }),
      ...(parameters.includes("version") ? { 422: failure(42202, "No version is called so.") } : {}),
      500: failure(50001, "Postgres has not answered since the edge started."),
      ...problemAnswers((code) => code === "malformed_request"),
    },
  });

const schemaText = '{"type":"object","properties":{"total":{"type":"number"}}}';
/** As they are answered, of one type. */
export const registryExamples = {
  version: { subject: "order.created", version: 2, id: 7, schemaType: "JSON", schema: schemaText },
  text: { schemaType: "JSON", schema: schemaText },
  compatibility: { compatibilityLevel: "BACKWARD" },
};
