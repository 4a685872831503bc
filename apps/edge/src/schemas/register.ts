import { type SchemaStore, Unavailable } from "@spillway/event";
import type { SenderOf } from "../auth/sender.ts";
import { BodyBudget, Share } from "../body/budget.ts";
import { createBodyReader } from "../body/read-body.ts";
import { Seat, Seats } from "../body/seat.ts";
import type { FairYield } from "../fair-yield.ts";
import { framingFault } from "../framing.ts";
import { bodyProblem } from "../ingest/body-problem.ts";
import type { IngestPorts } from "../ingest/ports.ts";
import { type Problem, respondJson, respondProblem } from "../respond.ts";
import type { SchemaCache } from "./cache.ts";
import { decide, type Refused, type Registration, readRegistration } from "./decide.ts";

/** A schema of 64 KiB, and what JSON needs to say it. */
const BODY_BYTES_MAX = 256 * 1024;
const BODIES_BYTES_MAX = 8 * BODY_BYTES_MAX;
/** Of those who add a version to one type in the same moment all but one look again. */
const ATTEMPTS = 5;

export type RegisterPorts = {
  readonly store: SchemaStore;
  readonly cache: Pick<SchemaCache, "look">;
  readonly senderOf: SenderOf;
  readonly clock: IngestPorts["clock"];
  readonly fairYield: FairYield;
  readonly committer: Pick<IngestPorts["committer"], "retryAfterSeconds">;
};

/** `names`: those of the keys that may. Nobody may unless told. */
export type RegisterLimits = { readonly schemaKeys: readonly string[]; readonly bodyTimeoutMs: number };

const notJson: Problem = { code: "invalid_json", detail: "not valid JSON" };
const notThisType: Problem = {
  code: "unsupported_media_type",
  detail: "accepted is application/json",
  headers: { "accept-post": "application/json" },
};
const forbidden: Problem = {
  code: "schema_forbidden",
  detail: "the key may register no schemas: SCHEMA_KEYS names those that may",
};
const unavailable: Problem = {
  code: "unavailable",
  detail: "Postgres did not confirm it in time: nobody knows whether it was registered. Send it again",
  headers: { "retry-after": "1" },
};

const problemOf = ({ code, detail, faults }: Refused): Problem => ({
  code,
  detail,
  members: { errors: faults.map(({ pointer, detail: reason }) => ({ code, detail: reason, pointer })) },
});

type Registered = { readonly id: number; readonly version: number; readonly isNew: boolean } | null;

/** Adds the version, unless it is there, or answers why not. */
const addVersion = async (
  store: SchemaStore,
  { type, mode, schema }: Registration,
  by: string,
): Promise<Registered | Refused> => {
  if (schema === null) return null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const decision = decide(schema, await store.place(type));
    if (decision.kind === "refused") return decision;
    if (decision.kind === "there") {
      if (mode !== null) await store.setMode(type, mode);
      return { id: decision.id, version: decision.version, isNew: false };
    }
    const added = await store.add(type, decision.version, schema.text, mode, by);
    if (added !== null) return { id: added.id, version: decision.version, isNew: true };
  }
  throw new Unavailable("busy");
};

/** `POST /v1/schemas`: registers a schema, sets the mode of its type, or both. */
export const createRegister = (
  { store, cache, senderOf, clock, fairYield, committer }: RegisterPorts,
  { schemaKeys, bodyTimeoutMs }: RegisterLimits,
) => {
  const names = new Set(schemaKeys);
  const limits = { bodyBytesMax: BODY_BYTES_MAX, eventBytesMax: BODY_BYTES_MAX, bodyTimeoutMs };
  const budget = new BodyBudget(BODIES_BYTES_MAX);
  const seats = new Seats();
  const readBody = createBodyReader({ clock, fairYield }, limits);

  const register = async (asked: Registration, by: string, requestId: string): Promise<Response> => {
    const { type, mode, schema } = asked;
    const registered = await addVersion(store, asked, by);
    if (registered !== null && "kind" in registered) return respondProblem(problemOf(registered), requestId);
    if (schema === null && mode !== null && !(await store.setMode(type, mode)))
      return respondProblem({ code: "invalid_schema", detail: "the type has no schema yet" }, requestId);
    await cache.look();
    const { known } = await store.place(type);
    const { isNew = false, ...version } = registered ?? {};
    const answer = { type, mode: known?.mode ?? mode, ...version };
    return respondJson(isNew ? 201 : 200, JSON.stringify(answer), requestId);
  };

  const receive = async (request: Request, by: string, requestId: string): Promise<Response> => {
    const share = new Share(budget, by);
    const seat = new Seat(seats);
    try {
      const body = await readBody(request, share, seat, () => false);
      if (body.kind === "refused") return respondProblem(bodyProblem(body.code, committer, limits), requestId);
      const read = parse(body.bytes);
      if (read === undefined) return respondProblem(notJson, requestId);
      const registration = readRegistration(read);
      if (registration.kind === "refused") return respondProblem(problemOf(registration), requestId);
      return await register(registration.asked, by, requestId);
    } catch (error) {
      if (error instanceof Unavailable) return respondProblem(unavailable, requestId);
      throw error;
    } finally {
      seat.leave(false);
      share.release();
    }
  };

  return (request: Request, requestId: string): Response | Promise<Response> => {
    const sender = senderOf(request);
    if ("code" in sender) return respondProblem(sender, requestId);
    if (sender.isPage || !names.has(sender.name)) return respondProblem(forbidden, requestId);
    const fault = framingFault(request.headers);
    if (fault !== null) return respondProblem(fault, requestId);
    const contentType = request.headers.get("content-type") ?? "";
    if (!/^application\/json\s*(;|$)/i.test(contentType)) return respondProblem(notThisType, requestId);
    return receive(request, sender.name, requestId);
  };
};

/** Undefined: it is no JSON. */
const parse = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
};
