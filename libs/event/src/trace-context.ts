/*
 * W3C Trace Context. A relay of events takes no part in a trace: what is valid is passed on as it is.
 */
const PARENT_LENGTH_MAX = 512;

/** Version ff and ids of zeros are invalid; a version of the future may have more behind what is known. */
const parent =
  /^(?:00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}|(?!00|ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[\x21-\x7e]*)?)$/;

export const isTraceparent = (value: unknown): value is string =>
  typeof value === "string" && value.length <= PARENT_LENGTH_MAX && parent.test(value);
