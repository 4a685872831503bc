import type { Clock, Platform } from "@spillway/event";
import { bearerTokenOf, hashSecret, sameHash } from "@spillway/service";
import type { Problem } from "../respond.ts";

/** A key as the configuration knows it: never itself, only its hash. */
export type ApiKey = {
  /** Gives the default `source` of events, as `/name`. */
  readonly name: string;
  readonly sha256: Uint8Array;
};

const REMEMBER_MS = 1_000;
const REMEMBERED_MAX = 64;

/**
 * Whose key an `Authorization` header holds, or null. Compares with every key, so that the time does not tell how far
 * down the list a match is. Two headers arrive joined by a comma and match nothing.
 *
 * Headers that held a key are remembered as they came, and all forgotten a second later, so that no key stays in memory for long:
 * hashing takes 3 % of a single event's CPU at the edge (E9), and comparing the more the more keys there are. What held
 * none is hashed each time.
 */
export const createKeyRing = <Key extends ApiKey>(
  keys: readonly Key[],
  platform: Platform,
  clock: Pick<Clock, "sleep">,
) => {
  const remembered = new Map<string, Key>();

  const find = (authorization: string): Key | null => {
    const key = bearerTokenOf(authorization);
    if (key === null) return null;
    const sha256 = hashSecret(key, platform);
    let found: Key | null = null;
    for (const candidate of keys) if (sameHash(candidate.sha256, sha256)) found = candidate;
    return found;
  };

  const remember = (authorization: string, key: Key): void => {
    if (remembered.size === REMEMBERED_MAX) return;
    if (remembered.size === 0) void clock.sleep(REMEMBER_MS).then(() => remembered.clear());
    remembered.set(authorization, key);
  };

  return (authorization: string | null): Key | null => {
    if (authorization === null || keys.length === 0) return null;
    const known = remembered.get(authorization);
    if (known !== undefined) return known;
    const found = find(authorization);
    if (found !== null) remember(authorization, found);
    return found;
  };
};

const FORM = "send it as Authorization: Bearer <key>";
const challenge = 'Bearer realm="spillway"';

/**
 * What is wrong with an `Authorization` that belongs to nobody, in words for its sender; nothing of it is in them. RFC 6750 §3.1: who
 * sent no token gets no error code, who sent one gets `invalid_token`.
 */
const faultOf = (headers: Headers, authorization: string | null): readonly [detail: string, isToken: boolean] => {
  if (!authorization)
    return headers.has("x-api-key")
      ? [`X-Api-Key is not read here: take the key from it and ${FORM}`, false]
      : [`there is no key: ${FORM}`, false];
  if (bearerTokenOf(authorization) !== null) return ["no such key", true];
  const [scheme = "", rest] = authorization.split(" ", 2);
  if (/^bearer$/i.test(scheme) && rest === undefined) return [`there is no key behind Bearer: ${FORM}`, false];
  if (/^bearer$/i.test(scheme)) return ["behind Bearer there must be one key, once, with nothing behind it", true];
  if (/^basic$/i.test(scheme))
    return [`Basic is not accepted, with the key as a name or as a password: ${FORM}`, false];
  return rest === undefined
    ? [`the word Bearer is missing before what may be the key: ${FORM}`, false]
    : [`this scheme is not accepted: ${FORM}`, false];
};

/** `sent`: the key as it would stand in an `Authorization`, wherever it came from. */
export const unauthorized = (headers: Headers, sent: string | null): Problem => {
  const [detail, isToken] = faultOf(headers, sent);
  const error = isToken ? `${challenge}, error="invalid_token"` : challenge;
  return { code: "unauthorized", detail, headers: { "www-authenticate": error } };
};
