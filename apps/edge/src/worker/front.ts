import type { Platform } from "@spillway/event";
import type { ApiKey } from "../auth/api-key.ts";
import type { PublishableKey } from "../auth/publishable-key.ts";
import { createSenderOf } from "../auth/sender.ts";
import { createCors } from "../cors.ts";
import { hostFault } from "../framing.ts";
import { bodyTooLarge } from "../ingest/body-problem.ts";
import { createRequestIds } from "../request-id.ts";
import { type Problem, respondProblem } from "../respond.ts";
import { allowOf, noSuchPath, pathOf } from "../routes.ts";

export type FrontOptions = {
  readonly apiKeys: readonly ApiKey[];
  readonly publishableKeys: readonly PublishableKey[];
  readonly corsOrigins: readonly string[];
  readonly bodyBytesMax: number;
  /** Objects that share the traffic. */
  readonly objects: number;
};

/** The object that a request goes to, or why it goes to none. */
export type Passed = { readonly kind: "passed"; readonly object: number };
export type Front = (request: Request) => Passed | { readonly kind: "refused"; readonly response: Response };

/** Nothing is remembered from one request to the next: the timer that forgets would end with its request. */
const forgetting = { sleep: () => Promise.resolve() };

/** By the name of the key, never in turns: a producer's events keep their order in one object only. */
const objectOf = (name: string, objects: number, { sha256 }: Pick<Platform, "sha256">): number => {
  const digest = sha256(new TextEncoder().encode(name));
  return new DataView(digest.buffer, digest.byteOffset).getUint32(0) % objects;
};

/**
 * What is known of a request without its body and without any state: on Workers it is asked close to the client, and only the rest
 * travels to the object. Each refusal is the one that the object would give.
 */
export const createFront = (
  { apiKeys, publishableKeys, corsOrigins, bodyBytesMax, objects }: FrontOptions,
  { platform, random }: { readonly platform: Platform; readonly random: () => number },
): Front => {
  const requestIdOf = createRequestIds(random);
  const senderOf = createSenderOf(apiKeys, publishableKeys, platform, forgetting);
  const cors = createCors(corsOrigins);
  const look = (request: Request): Problem | number => {
    const fault = hostFault(request.headers);
    if (fault !== null) return fault;
    const path = pathOf(request);
    const allow = allowOf(path);
    if (allow === null) return noSuchPath;
    if (allow !== "POST" || request.method !== "POST") return 0;
    const sender = senderOf(request);
    if ("code" in sender) return sender;
    const announced = Number(request.headers.get("content-length") ?? 0);
    return announced > bodyBytesMax ? bodyTooLarge({ bodyBytesMax }) : objectOf(sender.name, objects, platform);
  };
  return (request) => {
    const found = look(request);
    if (typeof found === "number") return { kind: "passed", object: found };
    const response = respondProblem(found, requestIdOf(request.headers.get("x-request-id")));
    cors?.mark(request, response);
    return { kind: "refused", response };
  };
};
