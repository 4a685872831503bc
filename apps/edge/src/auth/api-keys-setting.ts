import type { Platform } from "@spillway/event";
import { hashSecret, isToken, sameHash, TOKEN_CHARACTERS, TOKEN_LENGTH_MAX } from "@spillway/service";
import type { ApiKey } from "./api-key.ts";
import { readEntries } from "./entries.ts";
import { isPublishable, PUBLISHABLE } from "./publishable-key.ts";

/** A key that can be guessed is none: so many characters, and so many different ones. */
const KEY_LENGTH_MIN = 16;
const KEY_VARIETY_MIN = 4;
const DEFAULT_NAME = "default";
const nameForm = /^[a-z0-9._-]{1,64}$/i;
/** The name of a hash, where a key's name or a key should be: as a key by itself it would be the text of the setting. */
const hashName = /^\W*(sha[-_ ]?(224|256|384|512|1|2|3)|md5|blake[23]|argon2|bcrypt|scrypt|pbkdf2)/i;
/** Something with a colon before many hexadecimal digits: a hash whose name is misspelt. */
const misspeltHash = /^[^:]{1,16}:\s*[0-9a-f]{32,}$/i;
const hashForm = /^sha256:([0-9a-f]{64})$/i;
/** Where the keys are, and not a key: behind a scheme's colon a path would pass for one. */
const elsewhere = /^(?:file:|[^:]*:\/)\//i;

const bytesOfHex = (hex: string): Uint8Array =>
  Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16));

/** What a key is for. The beginning of a publishable one says that it is no secret, so a hash is none. */
type Kind = "secret" | "publishable";

/** Why nobody can send a key, or anybody can guess it; null for a good one. */
const keyFault = (key: string, strict: boolean, kind: Kind): string | null => {
  if (key === "") return "has an empty key";
  if (kind === "secret" && isPublishable(key))
    return `has a key that begins with ${PUBLISHABLE}, as only those of PUBLISHABLE_KEYS do`;
  if (key.length > TOKEN_LENGTH_MAX)
    return `has a key of more than ${TOKEN_LENGTH_MAX} characters, which no request can send`;
  if (!isToken(key)) return `has a key that Authorization: Bearer cannot carry (RFC 6750): ${TOKEN_CHARACTERS}`;
  if (!strict) return null;
  if (key.length < KEY_LENGTH_MIN) return `has a key of less than ${KEY_LENGTH_MIN} characters`;
  return new Set(key).size < KEY_VARIETY_MIN ? `has a key of less than ${KEY_VARIETY_MIN} different characters` : null;
};

const keyOf = (entry: string, strict: boolean, platform: Platform, kind: Kind): ApiKey | string => {
  const colon = entry.indexOf(":");
  const name = colon < 0 ? DEFAULT_NAME : entry.slice(0, colon);
  const key = entry.slice(colon + 1);
  if (hashName.exec(entry)?.[0] === name || (colon < 0 && hashName.test(entry)))
    return "has a hash without a name before it; write name:sha256:<64 hexadecimal digits>";
  if (elsewhere.test(entry)) return "is the URL or path of something; write the key itself";
  if (!nameForm.test(name)) return "has a name that is not 1 to 64 of letters, digits and . _ -";
  if (kind === "publishable" && !isPublishable(key)) return `has a key that does not begin with ${PUBLISHABLE}`;
  const hex = hashForm.exec(key)?.[1];
  if (hex === undefined && (hashName.test(key) || misspeltHash.test(key)))
    return `has a hash that is not sha256: and 64 hexadecimal digits (it has ${key.length} characters in all)`;
  const sha256 = hex === undefined ? hashSecret(key, platform) : bytesOfHex(hex);
  if (["", "\n"].some((empty) => sameHash(hashSecret(empty, platform), sha256))) return "has an empty key, or its hash";
  const fault = hex === undefined ? keyFault(key, strict, kind) : null;
  return fault ?? { name, sha256 };
};

/**
 * Reads `key`, `name:key` or `name:sha256:<hex>`, separated by commas; of several each has a name, since what follows a
 * comma may be the rest of a key that has one. Refuses whatever could never match, and `strict` what can be guessed.
 */
export const parseApiKeys = (
  setting: string,
  strict: boolean,
  platform: Platform,
  kind: Kind = "secret",
): readonly ApiKey[] | string =>
  readEntries<ApiKey>(setting, (text, before, count) => {
    const key = keyOf(text, strict, platform, kind);
    if (typeof key === "string") return key;
    if (count > 1 && !text.includes(":"))
      return "has no name, which each of several keys must have; no key can hold a comma";
    const same = before.findIndex(({ sha256 }) => sameHash(sha256, key.sha256));
    return same < 0 ? key : `has the key of entry ${same + 1} again`;
  });
