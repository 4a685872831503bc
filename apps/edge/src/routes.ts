import { answerOf, ingestOperation, type Operation, readOperation } from "./docs/operation.ts";
import { schemaRef } from "./docs/schemas.ts";
import type { Problem } from "./respond.ts";

type Route = {
  /** A GET is a HEAD, too. */
  readonly method: "POST" | "GET";
  /** It answers OPTIONS as it does GET: HAProxy checks with it unless told otherwise. */
  readonly isCheck?: true;
  readonly operationId: string;
  readonly summary: string;
  readonly operation: Operation;
};

const text = { type: "string" };
const readiness = schemaRef("Readiness");

/**
 * Every path of the edge. The router, the 405s, `/openapi.json` and the table on `/docs` are made of this; `createApp` has
 * the handler of each, and does not compile without.
 */
export const routes = {
  "/v1/events": {
    method: "POST",
    operationId: "sendEvents",
    summary: "Send one event, or a batch",
    operation: ingestOperation(false, { oneOf: [schemaRef("Stored"), schemaRef("BatchAnswer")] }),
  },
  "/v1/batch": {
    method: "POST",
    operationId: "sendBatch",
    summary: "Send a batch",
    operation: ingestOperation(true, schemaRef("BatchAnswer")),
  },
  "/v1/limits": {
    method: "GET",
    operationId: "limits",
    summary: "What a client has to keep to",
    operation: readOperation({ 200: answerOf("By name.", schemaRef("Limits")) }),
  },
  "/livez": {
    method: "GET",
    isCheck: true,
    operationId: "livez",
    summary: "Whether the process runs; asks nobody",
    operation: readOperation({ 200: answerOf("It does.", schemaRef("Liveness")) }),
  },
  "/readyz": {
    method: "GET",
    isCheck: true,
    operationId: "readyz",
    summary: "Whether an event can be made durable now, with the state of each storage",
    operation: readOperation({
      200: answerOf("It can; degraded when something is wrong.", readiness),
      503: answerOf("It cannot, or the edge is stopping.", readiness),
    }),
  },
  "/metrics": {
    method: "GET",
    operationId: "metrics",
    summary: "Prometheus metrics, where they are allowed",
    operation: readOperation(
      { 200: answerOf("Exposition text.", text, "text/plain") },
      ["unauthorized", "not_found"],
      [{}, { metricsToken: [] }],
    ),
  },
  "/openapi.json": {
    method: "GET",
    operationId: "openapi",
    summary: "All of this for machines",
    operation: readOperation({ 200: answerOf("OpenAPI 3.1.", { type: "object" }) }),
  },
  "/docs": {
    method: "GET",
    operationId: "docs",
    summary: "All of this to read",
    operation: readOperation({ 200: answerOf("One page.", text, "text/html") }),
  },
} as const satisfies Readonly<Record<string, Route>>;

export type RoutePath = keyof typeof routes;

export const routePaths = Object.keys(routes) as readonly RoutePath[];

/** What the router listens to. */
export const methodsOf = (path: RoutePath): string[] => {
  const { method, isCheck }: Route = routes[path];
  return isCheck ? [method, "OPTIONS"] : [method];
};

const allows: ReadonlyMap<string, string> = new Map(
  routePaths.map((path) => [path, routes[path].method === "GET" ? "GET, HEAD" : "POST"]),
);

/** What a path allows, for the header of a 405; null where there is no such path. */
export const allowOf = (path: string): string | null => allows.get(path) ?? null;

export const noSuchPath: Problem = { code: "not_found", detail: "see /docs for what there is" };
