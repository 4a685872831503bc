import { type ProblemCode, problems, refusalDetails } from "../problem.ts";
import type { Json } from "./schemas.ts";

/* Answers as they are given; docs.test.ts asks the edge for each and compares the members. */
const REQUEST_ID = "w3k5q2v8-000017";

const one = { id: "01938c5e-7a1b-7c3d-9e4f-5a6b7c8d9e0f", status: "accepted", tier: "stream" };
const batch = { accepted: 2, duplicates: 1, invalid: 0, refused: 0, request_id: REQUEST_ID, errors: [] };
const mixed = {
  ...batch,
  invalid: 1,
  errors: [
    {
      index: 3,
      id: null,
      code: "missing_attribute",
      detail: '"type" is required',
      pointer: "/type",
      retryable: false,
    },
  ],
};

/** `Prefer: return=representation` of the three events that are stored. */
const represented = {
  ...batch,
  events: [one, { ...one, id: "order-17" }, { ...one, id: "order-16", status: "duplicate" }],
};

export const singleExamples: Json = { one: { summary: "One event", value: { ...one, request_id: REQUEST_ID } } };
export const batchExamples: Json = {
  batch: { summary: "A batch", value: batch },
  represented: { summary: "With Prefer: return=representation", value: represented },
};
export const mixedExamples: Json = { mixed: { summary: "One of four is invalid", value: mixed } };

const asked = { id: "order-17", source: "/shop" };
const since = "2026-11-30T12:00:00.000Z";

export const stateExamples: Json = {
  pending: { summary: "It waits", value: { ...asked, status: "pending", tier: "outbox", since } },
  relayed: { summary: "Kafka has confirmed it", value: { ...asked, status: "relayed" } },
  dead: {
    summary: "Kafka refused it for good",
    value: {
      ...asked,
      status: "dead",
      death: { class: "oversize", code: "MESSAGE_TOO_LARGE", died_at: since, operator: "waiting" },
    },
  },
};

const details: Readonly<Partial<Record<ProblemCode, string>>> = refusalDetails;

/** Of a code, without the members that belong to its case. */
export const problemExample = (code: ProblemCode): Json => {
  const { status, title, retryable } = problems[code];
  const detail = details[code] ?? title;
  return {
    summary: title,
    value: { type: `/docs#${code}`, title, status, detail, code, retryable, request_id: REQUEST_ID },
  };
};

export const livenessExample = { status: "up" };

/** Its members in short: what a check says besides stands in the README. */
export const readinessExample = (status: "up" | "down") => ({
  status,
  checks: { stream: { status, breaker: status === "up" ? "closed" : "open" }, outbox: { status } },
  diverted_shards: status === "up" ? 0 : 4,
  refusals: { requests: 0, runs: [] },
  limits: { backlog_events_max: 1_000_000 },
});
