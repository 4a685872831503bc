import type { Platform } from "@spillway/event";

/** A key as the configuration knows it: never itself, only its hash. */
export type ApiKey = {
  /** Gives the default `source` of events, as `/name`. */
  readonly name: string;
  readonly sha256: Uint8Array;
};

/** In characters. Longer ones are not even hashed, and no header that is longer by more than a few spaces is looked at. */
export const KEY_LENGTH_MAX = 512;
const HEADER_LENGTH_MAX = KEY_LENGTH_MAX + 64;
const bearer = /^bearer +([^\s,]+)$/i;
const textEncoder = new TextEncoder();

export const hashKey = (key: string, platform: Platform): Uint8Array => platform.sha256(textEncoder.encode(key));

/** In constant time: the comparison reads all bytes wherever the first difference is. */
export const sameHash = (a: Uint8Array, b: Uint8Array): boolean => {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
};

/**
 * Whose key an `Authorization` header holds, or null. Compares with every key, so that the time does not tell how far
 * down the list a match is. Two headers arrive joined by a comma and match nothing.
 */
export const createKeyRing = (
  keys: readonly ApiKey[],
  platform: Platform,
): ((authorization: string | null) => ApiKey | null) => {
  return (authorization) => {
    if (authorization === null || authorization.length > HEADER_LENGTH_MAX) return null;
    const key = bearer.exec(authorization)?.[1];
    if (key === undefined || key.length > KEY_LENGTH_MAX) return null;
    const sha256 = hashKey(key, platform);
    let found: ApiKey | null = null;
    for (const candidate of keys) if (sameHash(candidate.sha256, sha256)) found = candidate;
    return found;
  };
};

/** What is wrong with an `Authorization` header that belongs to nobody, in words for its sender; nothing of it is in them. */
export const refusalOf = (authorization: string | null): string => {
  if (authorization === null) return "send Authorization: Bearer <key>";
  return bearer.test(authorization)
    ? "no such key"
    : "the Authorization header must be: Bearer <key>, once and with one key";
};
