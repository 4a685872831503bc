import type { RefusalCode } from "./commit/result.ts";

type ProblemKind = { readonly status: number; readonly title: string; readonly retryable: boolean };

const fault = (status: number, title: string): ProblemKind => ({ status, title, retryable: false });
const later = (status: number, title: string): ProblemKind => ({ status, title, retryable: true });

/** Every code that an answer can carry. Stable: clients branch on it. */
export const problems = {
  invalid_json: fault(400, "The body is not valid JSON"),
  invalid_encoding: fault(400, "The body or a header is not encoded as it must be"),
  malformed_request: fault(400, "The request's headers contradict HTTP"),
  unsupported_trailers: fault(400, "Trailers are not accepted"),
  damaged_body: fault(400, "The body is incomplete or does not decompress"),
  not_a_batch: fault(400, "The body is not a batch"),
  invalid_idempotency_key: fault(400, "The idempotency key is invalid"),
  invalid_durability: fault(400, "The durability is none"),
  no_events: fault(400, "The body holds no events"),
  unauthorized: fault(401, "A valid API key is required"),
  key_in_address: fault(401, "The address holds a key that is a secret"),
  source_forbidden: fault(403, "This source is not for this key"),
  origin_forbidden: fault(403, "This key is not for pages of this origin"),
  durability_forbidden: fault(403, "The key may not ask for this durability"),
  schema_forbidden: fault(403, "The key may register no schemas"),
  not_found: fault(404, "There is nothing here"),
  event_not_seen: fault(404, "This event has not come in, as far as is remembered"),
  method_not_allowed: fault(405, "This method is not for this path"),
  idempotency_key_in_flight: later(409, "The first request with this idempotency key has no answer yet"),
  body_too_slow: later(408, "The body took too long to arrive"),
  incompatible_schema: fault(409, "The schema is not compatible with the version before"),
  too_many_schemas: fault(409, "There are as many schemas as there may be"),
  body_too_large: fault(413, "The body is too large"),
  batch_too_large: fault(413, "The batch has too many events"),
  event_too_large: fault(413, "The event is too large"),
  unsupported_media_type: fault(415, "This content type is not accepted"),
  unsupported_charset: fault(415, "Only UTF-8 is accepted"),
  unsupported_content_encoding: fault(415, "This content encoding is not accepted"),
  unsupported_expectation: fault(417, "This expectation is not met"),
  idempotency_key_reused: fault(422, "The idempotency key was another request's"),
  not_an_object: fault(422, "The event is not an object"),
  missing_attribute: fault(422, "The event lacks an attribute"),
  invalid_attribute: fault(422, "An attribute of the event is invalid"),
  invalid_attribute_name: fault(422, "An attribute of the event has an invalid name"),
  unsupported_specversion: fault(422, "Only CloudEvents 1.0 is accepted"),
  duplicate_member: fault(422, "The event has a member twice"),
  ambiguous_event: fault(422, "This is neither an event nor an envelope"),
  conflicting_data: fault(422, "The event has two kinds of data"),
  schema_violation: fault(422, "The data breaks the schema of its type"),
  event_too_deep: fault(422, "The event is nested too deeply"),
  too_many_members: fault(422, "The event has too many members"),
  invalid_schema: fault(422, "This cannot be registered"),
  none_valid: fault(422, "No event of the batch is valid"),
  backlog_full: later(429, "The backlog is full"),
  quota_exceeded: later(429, "The quota of the key is used up"),
  too_many_lookups: later(429, "The key asks for too many events"),
  internal: later(500, "Something went wrong here"),
  unavailable: later(503, "The event could not be stored"),
  lookup_unavailable: later(503, "What became of the event is not known now"),
  overloaded: later(503, "Too much is waiting to be stored"),
  weak_redis: later(503, "The storage does not keep what it takes"),
  both_unavailable: later(503, "The event is not in both tiers"),
  wrong_installation: later(503, "This server is not set up with its storage"),
} as const;

export type ProblemCode = keyof typeof problems;

/** What is said about a refusal besides its title. */
export const refusalDetails: Readonly<Record<RefusalCode, string>> = {
  unavailable: "no storage confirmed the event in time; send it again with the same id, a copy will be dropped",
  overloaded: "the event was not stored; send it again",
  backlog_full: "the event was not stored; send it again after the given time",
  quota_exceeded: "the event was not stored: the key may send no more for now; send it again after the given time",
  weak_redis: "the event was not stored: Redis is set to lose it, as /readyz says; send it again",
  both_unavailable: "the event must be in both tiers, and one could not take it; send it again with the same id",
  wrong_installation: "the event was not stored; an operator has to mend a setting, and /readyz says which one",
};
