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
export const createKeyRing = (keys: readonly ApiKey[], platform: Platform, clock: Pick<Clock, "sleep">) => {
  const remembered = new Map<string, ApiKey>();

  const find = (authorization: string): ApiKey | null => {
    const key = bearerTokenOf(authorization);
    if (key === null) return null;
    const sha256 = hashSecret(key, platform);
    let found: ApiKey | null = null;
    for (const candidate of keys) if (sameHash(candidate.sha256, sha256)) found = candidate;
    return found;
  };

  const remember = (authorization: string, key: ApiKey): void => {
    if (remembered.size === REMEMBERED_MAX) return;
    if (remembered.size === 0) void clock.sleep(REMEMBER_MS).then(() => remembered.clear());
    remembered.set(authorization, key);
  };

  return (authorization: string | null): ApiKey | null => {
    if (authorization === null) return null;
    const known = remembered.get(authorization);
    if (known !== undefined) return known;
    const found = find(authorization);
    if (found !== null) remember(authorization, found);
    return found;
  };
};

/** What is wrong with an `Authorization` header that belongs to nobody, in words for its sender; nothing of it is in them. */
const refusalOf = (authorization: string | null): string => {
  if (authorization === null) return "send Authorization: Bearer <key>";
  return bearerTokenOf(authorization) !== null
    ? "no such key"
    : "the Authorization header must be: Bearer <key>, once and with one key";
};

export const unauthorized = (authorization: string | null): Problem => ({
  code: "unauthorized",
  detail: refusalOf(authorization),
  headers: { "www-authenticate": 'Bearer realm="spillway"' },
});
