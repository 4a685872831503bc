import { known, knownNames } from "./known-names.ts";
import { isUri, isUriReference } from "./uri.ts";

/** Characters of an attribute's value, and of its name. CloudEvents sets neither limit; Kafka headers and indexes need one. */
export const VALUE_LENGTH_MAX = 1024;
export const NAME_LENGTH_MAX = 64;

/** What may be wrong with a text: control characters, surrogates, noncharacters. In unicode mode the search takes twice as long. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const suspicious = /[\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]/;
const controlCharacter = /\p{Cc}/u;
const noncharacter = /\p{Noncharacter_Code_Point}/u;

/** A real day and time; of the days beyond 28 the month is asked. No second 60: `Date`, Go, Java and Python refuse it. */
const timestamp =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * RFC 2046, with the space that RFC 9110 allows but no tab, which a CloudEvents string may not hold. After each `;` space is
 * read in one place only: the search stays linear.
 */
const mediaType =
  /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+ *(?:; *(?:[\w!#$%&'*+.^`|~-]+=(?:[\w!#$%&'*+.^`|~-]+|"(?:[ !#-[\]-~]|\\[ -~])*") *)?)*$/;

/** The bits of the last letter that are no part of a byte are 0: some decoders refuse others, and some lose them. */
const base64 = /^[A-Za-z0-9+/]*(?:[AQgw]==|[AEIMQUYcgkosw048]=)?$/;

const ZERO = 0x30;

const textFault = (value: unknown): string | null => {
  if (typeof value !== "string") return "must be a string";
  if (value.length > VALUE_LENGTH_MAX) return `must have at most ${VALUE_LENGTH_MAX} characters`;
  if (!suspicious.test(value)) return null;
  if (controlCharacter.test(value)) return "must not contain control characters";
  if (!value.isWellFormed()) return "must be well-formed Unicode";
  return noncharacter.test(value) ? "must not contain noncharacters, such as U+FFFF" : null;
};

/** Why a value cannot be a CloudEvents string that says something, or null. */
const stringFault = (value: unknown): string | null => (value === "" ? "must be a non-empty string" : textFault(value));

/** Every month has 28 days, so that of most times the regular expression has said all. */
const isTimestamp = (value: string): boolean => {
  if (!timestamp.test(value)) return false;
  const day = (value.charCodeAt(8) - ZERO) * 10 + value.charCodeAt(9) - ZERO;
  if (day < 29) return true;
  const leapYears = 400;
  const year = 2000 + (Number(value.slice(0, 4)) % leapYears);
  return day <= new Date(Date.UTC(year, Number(value.slice(5, 7)), 0)).getUTCDate();
};

/** The last one that was right: nearly all events of a batch have one source, and the search takes as long as three others. */
let lastSource = "";

const isSource = (value: string): boolean => {
  if (value === lastSource) return true;
  if (value === "" || !isUriReference(value)) return false;
  lastSource = value;
  return true;
};

/** All of these are ASCII. */
const formFault = (value: unknown, is: (value: string) => boolean, what: string): string | null =>
  typeof value === "string" && value.length <= VALUE_LENGTH_MAX && is(value) ? null : what;

const A_SOURCE = 'must be a URI-reference (RFC 3986), as "/shop" or "urn:shop:eu"; percent-encode what is not ASCII';
const A_TIME = 'must be a real date and time (RFC 3339), as "2026-11-25T04:59:59.123Z"; second 60 is not accepted';
const A_SCHEMA = "must be an absolute URI (RFC 3986), with its scheme";
const A_MEDIA_TYPE = 'must be a media type (RFC 2046), as "application/json"';
const isMediaType = (value: string): boolean => mediaType.test(value);

/** An extension may be a string, a boolean or a 32-bit integer. */
export const extensionFault = (name: string, value: unknown): string | null => {
  if (value === null || typeof value === "boolean") return null;
  if (typeof value === "number") return (value | 0) === value ? null : "must be a 32-bit integer";
  if (typeof value !== "object") return textFault(value);
  return `must be a string, a boolean or an integer; put structured content into "data", not into "${name}"`;
};

/** Why the value of a known attribute, by its number, cannot be that; null means that it can, or that it is not set. */
export const valueFault = (number: number, value: unknown): string | null => {
  if (value === undefined || value === null) return null;
  switch (number) {
    case known.data:
      return null;
    case known.data_base64:
      return typeof value === "string" && value.length % 4 === 0 && base64.test(value) ? null : "must be base64";
    case known.id:
    case known.type:
    case known.partitionkey:
    case known.subject:
      return stringFault(value);
    case known.source:
      return formFault(value, isSource, A_SOURCE);
    case known.time:
      return formFault(value, isTimestamp, A_TIME);
    case known.dataschema:
      return formFault(value, isUri, A_SCHEMA);
    case known.datacontenttype:
      return formFault(value, isMediaType, A_MEDIA_TYPE);
    default:
      return extensionFault(knownNames[number] as string, value);
  }
};

const A_NAME = `an attribute's name is 1 to ${NAME_LENGTH_MAX} of a-z and 0-9`;
const attributeName = /^[a-z0-9]+$/;

/** `partitionKey`, `data-content-type`, `eventType`: what was meant, where the letters say it. */
const meantBy = (name: string): string | null => {
  const letters = name.toLowerCase().replace(/[^a-z0-9]/g, "");
  const meanings = [letters, letters.replace(/^(?:event|cloudevents?|ce)/, "")];
  const meant = knownNames.find((each) => meanings.includes(each.replace("_", "")));
  return meant ?? (letters === "" ? null : letters);
};

/** Why a name that is not known cannot be an attribute's, or null. */
export const nameFault = (name: string): string | null => {
  if (name.length > NAME_LENGTH_MAX) return `${A_NAME}; put other content into "data"`;
  if (attributeName.test(name)) return null;
  const meant = meantBy(name);
  return meant === null ? `${A_NAME}; put other content into "data"` : `${A_NAME}; did you mean "${meant}"?`;
};
