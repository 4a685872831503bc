import type { Problem } from "../respond.ts";

const LENGTH_MAX = 255;
/** As draft-ietf-httpapi-idempotency-key has it, a string of RFC 9651, and bare, as Stripe and Svix send it. */
const quoted = /^"(?:[ !#-[\]-~]|\\["\\])*"$/;
const bare = /^[!#-~][ -~]*$/;

/** The key of a request, null where there is none, or why it is refused. Two headers arrive as one with ", " between. */
export const idempotencyKeyOf = (header: string | null): string | null | Problem => {
  if (header === null) return null;
  const isQuoted = quoted.test(header);
  const key = isQuoted ? header.slice(1, -1).replace(/\\(.)/g, "$1") : header;
  const isRight = isQuoted || (bare.test(header) && !header.includes(", "));
  if (isRight && key !== "" && key.length <= LENGTH_MAX) return key;
  const detail = `Idempotency-Key is one value of 1 to ${LENGTH_MAX} characters of printable ASCII, in quotes or bare`;
  return { code: "invalid_idempotency_key", detail };
};

/**
 * Ids of events that came without one: the same for the same request, so that what is sent again is a duplicate. A
 * batch's events are told apart by their index.
 */
export const idsFrom =
  (key: string) =>
  (index: number | null): string =>
    index === null ? key : `${key}/${index}`;
