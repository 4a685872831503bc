import { getPathNoStrict } from "hono/utils/url";
import { livenessExample, readinessExample } from "./docs/examples.ts";
import { limitsExample } from "./docs/limits.ts";
import { answerOf, ingestOperation, lookupOperation, type Operation, readOperation } from "./docs/operation.ts";
import { registerOperation, registryExamples, registryOperation } from "./docs/schema-operations.ts";
import { schemaRef } from "./docs/schemas.ts";
import type { Problem } from "./respond.ts";

/** What groups the paths in the documents. */
export const tags = {
  events: "For producers.",
  operation: "For those who run the edge.",
  reading: "What this is, for people and machines.",
  schemas: "What the data of a type of events has to be.",
} as const;

type Tag = keyof typeof tags;

type Route = {
  /** A GET is a HEAD, too. */
  readonly method: "POST" | "GET";
  /** It answers OPTIONS as it does GET: HAProxy checks with it unless told otherwise. */
  readonly isCheck?: true;
  /** Who asks: producers, or those who run the edge. */
  readonly tag: Tag;
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly operation: Operation;
};

const text = { type: "string" };
const readiness = schemaRef("Readiness");

/**
 * Every path of the edge. The router, the 405s, `/openapi.json` and the table on `/docs` are made of this; `createApp` has
 * the handler of each, and does not compile without.
 */
export const routes = {
  "/": {
    method: "GET",
    tag: "reading",
    operationId: "landing",
    summary: "What this is, with a first call",
    description: "And where the rest stands.",
    operation: readOperation({ 200: answerOf("One page.", text, "<!doctype html>…", "text/html") }),
  },
  "/v1/events": {
    method: "POST",
    tag: "events",
    operationId: "sendEvents",
    summary: "Send one event, or a batch",
    description:
      "The content type says the form: CloudEvents structured, batched or binary, plain JSON, or one event a line. Answered when each " +
      "event is on disk, within a second of the body's end.",
    operation: ingestOperation(false, { oneOf: [schemaRef("Stored"), schemaRef("BatchAnswer")] }),
  },
  "/v1/batch": {
    method: "POST",
    tag: "events",
    operationId: "sendBatch",
    summary: "Send a batch",
    description: "As /v1/events, but what is no batch is refused: so the answer has one form.",
    operation: ingestOperation(true, schemaRef("BatchAnswer")),
  },
  "/v1/events/{id}": {
    method: "GET",
    tag: "events",
    operationId: "lookUpEvent",
    summary: "What became of an event",
    description:
      "For keys of the name that it was posted with: another name's event is not seen. It knows what came in within the dedup window, " +
      "and what waits or died before it.",
    operation: lookupOperation,
  },
  "/v1/limits": {
    method: "GET",
    tag: "reading",
    operationId: "limits",
    summary: "What a client has to keep to",
    description: "They stay the same while the edge runs.",
    operation: readOperation({ 200: answerOf("By name.", schemaRef("Limits"), limitsExample) }),
  },
  "/v1/schemas": {
    method: "POST",
    tag: "schemas",
    operationId: "registerSchema",
    summary: "Register a schema of a type of events, or set what is done with events that break it",
    description: "For the keys of SCHEMA_KEYS. A version that is not compatible with the one before is refused.",
    operation: registerOperation,
  },
  "/subjects": {
    method: "GET",
    tag: "schemas",
    operationId: "subjects",
    summary: "The types that have schemas",
    description: "As of the Confluent Schema Registry, of which these paths are the reading part: a subject is a type.",
    operation: registryOperation({ type: "array", items: text }, ["order.created"]),
  },
  "/subjects/{subject}/versions": {
    method: "GET",
    tag: "schemas",
    operationId: "versionsOfSubject",
    summary: "The versions of a type's schema",
    description: "From 1, without gaps.",
    operation: registryOperation({ type: "array", items: { type: "integer" } }, [1, 2], ["subject"]),
  },
  "/subjects/{subject}/versions/{version}": {
    method: "GET",
    tag: "schemas",
    operationId: "schemaOfVersion",
    summary: "One version of a type's schema, or the latest",
    description: "The schema is a text.",
    operation: registryOperation(schemaRef("RegisteredSchema"), registryExamples.version, ["subject", "version"]),
  },
  "/schemas/ids/{id}": {
    method: "GET",
    tag: "schemas",
    operationId: "schemaOfId",
    summary: "A schema by its id",
    description: "An event whose dataschema ends with this path is checked by this version, if it is one of its type.",
    operation: registryOperation(schemaRef("SchemaText"), registryExamples.text, ["id"]),
  },
  "/schemas/types": {
    method: "GET",
    tag: "schemas",
    operationId: "schemaTypes",
    summary: "The kinds of schemas",
    description: "JSON Schema alone.",
    operation: registryOperation({ type: "array", items: { const: "JSON" } }, ["JSON"]),
  },
  "/config": {
    method: "GET",
    tag: "schemas",
    operationId: "compatibility",
    summary: "What a new version has to be",
    description: "Compatible with the one before, for all types.",
    operation: registryOperation(schemaRef("Compatibility"), registryExamples.compatibility),
  },
  "/config/{subject}": {
    method: "GET",
    tag: "schemas",
    operationId: "compatibilityOfSubject",
    summary: "What a new version of a type's schema has to be",
    description: "The same for all types.",
    operation: registryOperation(schemaRef("Compatibility"), registryExamples.compatibility, ["subject"]),
  },
  "/livez": {
    method: "GET",
    isCheck: true,
    tag: "operation",
    operationId: "livez",
    summary: "Whether the process runs; asks nobody",
    description: "For who restarts what hangs.",
    operation: readOperation({ 200: answerOf("It does.", schemaRef("Liveness"), livenessExample) }),
  },
  "/readyz": {
    method: "GET",
    isCheck: true,
    tag: "operation",
    operationId: "readyz",
    summary: "Whether an event can be made durable now, with the state of each storage",
    description: "For balancers by its status, for people by its body.",
    operation: readOperation({
      200: answerOf("It can; degraded when something is wrong.", readiness, readinessExample("up")),
      503: answerOf("It cannot, or the edge is stopping.", readiness, readinessExample("down")),
    }),
  },
  "/metrics": {
    method: "GET",
    tag: "operation",
    operationId: "metrics",
    summary: "Prometheus metrics, where they are allowed",
    description: "With the token of METRICS_TOKEN; without one only in development, on loopback.",
    operation: readOperation(
      {
        200: answerOf(
          "Exposition text.",
          text,
          'spillway_http_requests_total{route="/v1/events",status="202"} 17',
          "text/plain",
        ),
      },
      ["unauthorized", "not_found"],
      [{}, { metricsToken: [] }],
    ),
  },
  "/openapi.json": {
    method: "GET",
    tag: "reading",
    operationId: "openapi",
    summary: "All of this for machines",
    description: "This document.",
    operation: readOperation({ 200: answerOf("OpenAPI 3.1.", { type: "object" }, { openapi: "3.1.0" }) }),
  },
  "/docs": {
    method: "GET",
    tag: "reading",
    operationId: "docs",
    summary: "All of this to read",
    description: "With a call to copy, and each code.",
    operation: readOperation({ 200: answerOf("One page.", text, "<!doctype html>…", "text/html") }),
  },
} as const satisfies Readonly<Record<string, Route>>;

export type RoutePath = keyof typeof routes;

export const routePaths = Object.keys(routes) as readonly RoutePath[];

/** What the router listens to. */
export const methodsOf = (path: RoutePath): string[] => {
  const { method, isCheck }: Route = routes[path];
  return isCheck ? [method, "OPTIONS"] : [method];
};

const PARAMETER = /\{(\w+)\}/g;

/** The path as the router writes it. */
export const patternOf = (path: RoutePath): string => path.replace(PARAMETER, ":$1");

const methodsAllowed = (path: RoutePath): string => (routes[path].method === "GET" ? "GET, HEAD" : "POST");
const isPlain = (path: RoutePath): boolean => !path.includes("{");
const allows = new Map<string, string>(routePaths.filter(isPlain).map((path) => [path, methodsAllowed(path)]));
const parametric = routePaths
  .filter((path) => !isPlain(path))
  .map((path) => ({ form: new RegExp(`^${path.replace(PARAMETER, "[^/]+")}$`), allow: methodsAllowed(path) }));

/** What a path allows, for the header of a 405; null where there is no such path. */
export const allowOf = (path: string): string | null =>
  allows.get(path) ?? parametric.find(({ form }) => form.test(path))?.allow ?? null;

export const noSuchPath: Problem = { code: "not_found", detail: "see /docs for what there is" };

/** What is asked for, as the router reads it: a slash at a path's end is nobody's mistake to look for. */
export const pathOf = (request: Request): string => getPathNoStrict(request);
