import { type Clock, createLookup, type Platform, type Sights, shardOf, Unavailable } from "@spillway/event";
import type { createKeySources } from "../auth/key-sources.ts";
import type { SenderOf } from "../auth/sender.ts";
import { createBucket } from "../quota/bucket.ts";
import { type Problem, respondJson, respondProblem } from "../respond.ts";
import { pathOf } from "../routes.ts";
import { answerOfState } from "./answer.ts";
import { createAtOnce } from "./at-once.ts";

/** From the request to the answer, waiting for its turn included. */
const ANSWER_WITHIN_MS = 900;

export type LookupPorts = {
  readonly sights: Sights;
  readonly clock: Clock;
  readonly platform: Platform;
  readonly senderOf: SenderOf;
  readonly sources: Pick<ReturnType<typeof createKeySources>, "defaultOf">;
};

export type LookupLimits = {
  readonly shards: number;
  /** Of a key, at this edge. */
  readonly lookupsPerSecond: number;
};

const PATH = "/v1/events/";

/** Null where its escapes are none. */
const idOf = (request: Request): string | null => {
  try {
    return decodeURIComponent(pathOf(request).slice(PATH.length));
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
};

const malformed: Problem = { code: "malformed_request", detail: "the id is not percent-encoded UTF-8" };

const notForPages: Problem = { code: "origin_forbidden", detail: "a publishable key sends events and asks for none" };

const tooMany = (waitMs: number): Problem => ({
  code: "too_many_lookups",
  detail: "the key has asked for more events than it may; ask again after the given time",
  headers: { "retry-after": String(Math.max(1, Math.ceil(waitMs / 1_000))) },
});

const notKnown: Problem = {
  code: "lookup_unavailable",
  detail: "who knows it does not answer now; ask again",
  headers: { "retry-after": "1" },
};

/**
 * `GET /v1/events/{id}`: what became of an event, for the keys of the name that it was posted with. Of whom the id is too is nobody's to
 * learn: what is looked for is the hash of name, source and id.
 */
export const createLookupRoute = (ports: LookupPorts, { shards, lookupsPerSecond }: LookupLimits) => {
  const { clock, senderOf, sources, platform } = ports;
  const lookUp = createLookup(ports.sights, platform, clock);
  const atOnce = createAtOnce();
  const buckets = new Map<string, ReturnType<typeof createBucket>>();
  const all = Array.from({ length: shards }, (_, shard) => shard);

  const bucketOf = (name: string) => {
    const bucket = buckets.get(name) ?? createBucket(lookupsPerSecond, clock.monotonicMs());
    buckets.set(name, bucket);
    return bucket;
  };

  const find = async (name: string, id: string, query: URLSearchParams, atMs: number) => {
    const source = query.get("source") ?? sources.defaultOf(name);
    const partitionKey = query.get("partitionkey");
    const asked = partitionKey === null ? all : [shardOf(partitionKey, shards)];
    const state = await atOnce(() =>
      lookUp({ producer: name, source, id, shards: asked }, ANSWER_WITHIN_MS - (clock.monotonicMs() - atMs)),
    );
    const answer = answerOfState(state);
    return "detail" in answer ? (answer as Problem) : { id, source, ...answer };
  };

  return async (request: Request, requestId: string): Promise<Response> => {
    const atMs = clock.monotonicMs();
    const sender = senderOf(request);
    if ("code" in sender) return respondProblem(sender, requestId);
    if (sender.isPage) return respondProblem(notForPages, requestId);
    const { name } = sender;
    const bucket = bucketOf(name);
    if (bucket.level(atMs) <= 0) return respondProblem(tooMany(bucket.waitMs(atMs)), requestId);
    bucket.take(1);
    const id = idOf(request);
    if (id === null) return respondProblem(malformed, requestId);
    try {
      const found = await find(name, id, new URL(request.url).searchParams, atMs);
      return "code" in found
        ? respondProblem(found as Problem, requestId)
        : respondJson(200, JSON.stringify(found), requestId);
    } catch (error) {
      if (error instanceof Unavailable) return respondProblem(notKnown, requestId);
      throw error;
    }
  };
};
