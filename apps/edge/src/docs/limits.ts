import { MEMBERS_MAX, NAME_LENGTH_MAX, VALUE_LENGTH_MAX } from "@spillway/event";
import type { IngestLimits } from "../ingest/ports.ts";
import type { LookupLimits } from "../lookup/lookup.ts";
import { respondJson } from "../respond.ts";

export type PublicLimits = IngestLimits & LookupLimits;

/** What a client has to keep to, by the names in `GET /v1/limits`; `/docs` and `/openapi.json` tell the same. */
const limits: Readonly<Record<string, readonly [of: (limits: PublicLimits) => number, meaning: string]>> = {
  body_bytes_max: [({ bodyBytesMax }) => bodyBytesMax, "bytes of a body, as it comes and decompressed"],
  body_timeout_ms: [({ bodyTimeoutMs }) => bodyTimeoutMs, "ms for a body to arrive"],
  batch_events_max: [({ batchEventsMax }) => batchEventsMax, "events of a batch"],
  event_bytes_max: [({ eventBytesMax }) => eventBytesMax, "bytes of an event"],
  depth_max: [({ depthMax }) => depthMax, "levels of nesting in an event"],
  members_max: [() => MEMBERS_MAX, "members of an event: attributes and data"],
  attribute_characters_max: [() => VALUE_LENGTH_MAX, "characters of an attribute's value"],
  extension_name_characters_max: [() => NAME_LENGTH_MAX, "characters of an extension's name"],
  dedup_window_seconds: [
    ({ dedupWindowSeconds }) => dedupWindowSeconds,
    "seconds in which the same event sent again is a duplicate",
  ],
  lookups_per_second: [({ lookupsPerSecond }) => lookupsPerSecond, "events that a key may ask for a second"],
};

export type LimitRow = { readonly name: string; readonly value: number; readonly meaning: string };

export const limitRowsOf = (own: PublicLimits): readonly LimitRow[] =>
  Object.entries(limits).map(([name, [of, meaning]]) => ({ name, value: of(own), meaning }));

/** By name, as OpenAPI has them. */
export const limitProperties = Object.fromEntries(
  Object.entries(limits).map(([name, [, description]]) => [name, { type: "integer", minimum: 1, description }]),
);

/** As an edge with the default settings answers. */
export const limitsExample = {
  body_bytes_max: 4_194_304,
  body_timeout_ms: 30_000,
  batch_events_max: 1_000,
  event_bytes_max: 1_048_576,
  depth_max: 64,
  members_max: MEMBERS_MAX,
  attribute_characters_max: VALUE_LENGTH_MAX,
  extension_name_characters_max: NAME_LENGTH_MAX,
  dedup_window_seconds: 3_600,
  lookups_per_second: 20,
};

/** `GET /v1/limits`. */
export const createLimitsRoute = (own: PublicLimits) => {
  const body = JSON.stringify(Object.fromEntries(limitRowsOf(own).map(({ name, value }) => [name, value])));
  return (_: Request, requestId: string): Response => respondJson(200, body, requestId);
};
