import type { Platform } from "@spillway/event";
import { ok, refused, type Setting } from "./setting.ts";

type Hashing = Pick<Platform, "sha256">;

/** Longer ones are refused at the start and not even hashed in a request. */
export const TOKEN_LENGTH_MAX = 512;

const textEncoder = new TextEncoder();

export const hashSecret = (secret: string, { sha256 }: Hashing): Uint8Array => sha256(textEncoder.encode(secret));

/**
 * Whether two hashes are the same, in constant time: all bytes are read wherever the first difference is. Compare hashes
 * with it and never secrets, whose length would show.
 */
export const sameHash = (a: Uint8Array, b: Uint8Array): boolean => {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] ?? 0);
  return difference === 0;
};

/** Whether a text is the secret. Keeps its hash alone. */
export const createSecretCheck = (secret: string, platform: Hashing): ((given: string) => boolean) => {
  const expected = hashSecret(secret, platform);
  return (given) => sameHash(hashSecret(given, platform), expected);
};

/** What an `Authorization: Bearer` header can carry (b64token of RFC 6750), and what `bearerTokenOf` finds in one. */
export const isToken = (text: string): boolean => /^[\w.~+/-]+=*$/.test(text) && text.length <= TOKEN_LENGTH_MAX;

export const TOKEN_CHARACTERS = "letters, digits and - . _ ~ + /, with = at the end only";

/**
 * A token that clients send. With other characters it was not meant as one: it has quotes around it, or is a template
 * that nobody filled in, a list or a hash.
 */
export const token = (lengthMin: number): Setting<string> => ({
  accepts: `${lengthMin} to ${TOKEN_LENGTH_MAX} characters: ${TOKEN_CHARACTERS}`,
  shown: "secret",
  read: (text) => (isToken(text) && text.length >= lengthMin ? ok(text) : refused()),
});

const PASSWORD_LENGTH_MAX = 256;

/** A password that a person types into a form, which has one line and no control characters. */
export const password = (lengthMin: number): Setting<string> => ({
  accepts: `${lengthMin} to ${PASSWORD_LENGTH_MAX} characters, none of them a control character`,
  shown: "secret",
  read: (text) =>
    text.length >= lengthMin && text.length <= PASSWORD_LENGTH_MAX && !/\p{Cc}/u.test(text) ? ok(text) : refused(),
});

/** A secret that another server checks. */
export const secretText = (accepts: string): Setting<string> => ({ accepts, shown: "secret", read: ok });
