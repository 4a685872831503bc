import type { Platform } from "@spillway/event";
import { createSecretCheck, isToken } from "./secret.ts";

/** Of a whole header. Longer ones are not looked at. */
const HEADER_LENGTH_MAX = 1_024;
const bearer = /^bearer[ \t]+(\S+)$/i;

/**
 * The token of an `Authorization` header, or null. The scheme's case does not count, nor how many spaces follow it. Two
 * headers arrive joined by a comma and a space, and hold none.
 */
export const bearerTokenOf = (authorization: string | null): string | null => {
  if (authorization === null || authorization.length > HEADER_LENGTH_MAX) return null;
  const token = bearer.exec(authorization)?.[1];
  return token !== undefined && isToken(token) ? token : null;
};

/** Whether a header holds this token, in constant time. */
export const createBearerCheck = (
  token: string,
  platform: Pick<Platform, "sha256">,
): ((authorization: string | null) => boolean) => {
  const isRight = createSecretCheck(token, platform);
  return (authorization) => {
    const given = bearerTokenOf(authorization);
    return given !== null && isRight(given);
  };
};
