import type { IngestLimits } from "../ingest/ports.ts";
import { mediaTypesOf } from "../media-type.ts";
import { routes, tags } from "../routes.ts";
import { type Json, schemas } from "./schemas.ts";

/** OpenAPI 3.1. Paths are those of the table of routes, accepted content types those of the router's own table, refusals those of the table of problems. */
export const openApiOf = (limits: IngestLimits): Json => ({
  openapi: "3.1.0",
  info: {
    title: "Spillway edge",
    version: "1",
    contact: { name: "Who runs this edge" },
    description: `Events in. Accepted: ${mediaTypesOf(false).join(", ")}, and CloudEvents binary mode. Other paths are 404, other methods 405.`,
  },
  // Where this document came from.
  servers: [{ url: "/" }],
  tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
  paths: Object.fromEntries(
    Object.entries(routes).map(([path, { method, tag, operationId, summary, description, operation }]) => [
      path,
      { [method.toLowerCase()]: { tags: [tag], operationId, summary, description, ...operation(limits) } },
    ]),
  ),
  components: {
    schemas,
    securitySchemes: {
      key: { type: "http", scheme: "bearer", description: "A key of the edge's API_KEYS." },
      pageKey: {
        type: "apiKey",
        in: "query",
        name: "key",
        description: "A key of PUBLISHABLE_KEYS, from a page of one of its origins; it may come as the key does, too.",
      },
      registry: { type: "http", scheme: "basic", description: "Any name, and such a key for a password." },
      metricsToken: { type: "http", scheme: "bearer", description: "The edge's METRICS_TOKEN." },
    },
  },
});
