import type { Platform } from "@spillway/event";
import { bearerTokenOf, hashSecret, sameHash } from "@spillway/service";

/** A key as the configuration knows it: never itself, only its hash. */
export type ApiKey = {
  /** Gives the default `source` of events, as `/name`. */
  readonly name: string;
  readonly sha256: Uint8Array;
};

/**
 * Whose key an `Authorization` header holds, or null. Compares with every key, so that the time does not tell how far
 * down the list a match is. Two headers arrive joined by a comma and match nothing.
 */
export const createKeyRing =
  (keys: readonly ApiKey[], platform: Platform) =>
  (authorization: string | null): ApiKey | null => {
    const key = bearerTokenOf(authorization);
    if (key === null) return null;
    const sha256 = hashSecret(key, platform);
    let found: ApiKey | null = null;
    for (const candidate of keys) if (sameHash(candidate.sha256, sha256)) found = candidate;
    return found;
  };

/** What is wrong with an `Authorization` header that belongs to nobody, in words for its sender; nothing of it is in them. */
export const refusalOf = (authorization: string | null): string => {
  if (authorization === null) return "send Authorization: Bearer <key>";
  return bearerTokenOf(authorization) !== null
    ? "no such key"
    : "the Authorization header must be: Bearer <key>, once and with one key";
};
