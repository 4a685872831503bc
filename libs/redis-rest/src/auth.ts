import { createHash, timingSafeEqual } from "node:crypto";

const BEARER = /^Bearer +(\S+) *$/i;

const sha256 = (text: string) => createHash("sha256").update(text).digest();

/** Checks an Authorization header. Hashing first makes the time independent of where and whether the lengths differ. */
export function createBearerCheck(token: string): (header: string | null) => boolean {
  const expected = sha256(token);
  return (header) => {
    const given = header === null ? undefined : BEARER.exec(header)?.[1];
    return given !== undefined && timingSafeEqual(sha256(given), expected);
  };
}
