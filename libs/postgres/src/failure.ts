/**
 * The one table of what can go wrong with Postgres. Keys are SQLSTATEs (five characters, or their class of two) and the
 * codes of postgres.js and of the socket below it. Every one of them is retriable: it says nothing about the content.
 */
const CODES: Readonly<Record<string, string>> = {
  "57014": "statement_timeout",
  "55P03": "lock_timeout",
  "53300": "too_many_connections",
  "53100": "disk_full",
  "53200": "out_of_memory",
  "25006": "read_only",
  "40001": "serialization_failure",
  "40P01": "deadlock",
  "57P01": "shutting_down",
  "57P02": "crashed",
  "57P03": "starting_up",
  "57P05": "idle_session_timeout",
  "28000": "authentication_failed",
  "28P01": "authentication_failed",
  "3D000": "no_such_database",
  "42501": "permission_denied",
  "42P01": "not_migrated",
  "42703": "not_migrated",
  "42883": "not_migrated",
  "26000": "pooler_without_statements",
  "08P01": "setting_refused",
  "42704": "setting_refused",
  "22023": "setting_refused",
  "58030": "io_error",
  XX001: "data_corrupted",
  XX002: "data_corrupted",
  "08": "connection_lost",
  "53": "out_of_resources",
  "54": "limit_exceeded",
  CONNECT_TIMEOUT: "connect_timeout",
  CONNECTION_CLOSED: "connection_lost",
  CONNECTION_DESTROYED: "connection_lost",
  CONNECTION_ENDED: "closed",
  ECONNREFUSED: "connection_refused",
  ECONNRESET: "connection_lost",
  EPIPE: "connection_lost",
  ETIMEDOUT: "connect_timeout",
  EHOSTUNREACH: "host_unreachable",
  ENETUNREACH: "host_unreachable",
  ENOTFOUND: "host_not_found",
  EAI_AGAIN: "host_not_found",
  ENOENT: "connection_refused",
  EACCES: "connection_refused",
  TLS_NOT_OFFERED: "tls_not_offered",
  CERTIFICATE_FILE: "certificate_file_unreadable",
  CERT_HAS_EXPIRED: "certificate_refused",
  DEPTH_ZERO_SELF_SIGNED_CERT: "certificate_refused",
  SELF_SIGNED_CERT_IN_CHAIN: "certificate_refused",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "certificate_refused",
  UNABLE_TO_GET_ISSUER_CERT: "certificate_refused",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "certificate_refused",
  ERR_TLS_CERT_ALTNAME_INVALID: "certificate_refused",
};

const SQLSTATE = /^[0-9A-Z]{5}$/;

const vendorCode = (error: unknown): string | null => {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++)
    if ("code" in at && typeof at.code === "string") return at.code;
  return null;
};

/** Whether the server itself answered, so that the connection it came over is sound. */
export const isServerAnswer = (error: unknown): boolean => SQLSTATE.test(vendorCode(error) ?? "");

/** Codes of a connection that did not come about, or of a server that refuses to write: nothing was executed. */
const WRONG_HOST: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOENT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "CONNECT_TIMEOUT",
  "TLS_NOT_OFFERED",
  "25006",
  "57P03",
]);

/** Whether another host may do what this one did not, without a risk of doing it twice. */
export const isWrongHost = (error: unknown): boolean => WRONG_HOST.has(vendorCode(error) ?? "");

/** Whether a pooler refused a setting at the start of a connection, or a prepared statement that it does not keep. */
export const isSetting = (error: unknown): boolean => {
  const code = vendorCode(error);
  return code === "26000" || (code === "08P01" && error instanceof Error && /startup parameter/.test(error.message));
};

/**
 * What an error of postgres.js or drizzle-orm means, as a code that is safe to log: their messages, and their `query`
 * and `parameters`, hold payloads. An unknown SQLSTATE shows as `sqlstate_…`, anything else as `unknown`.
 */
export const failureCode = (error: unknown): string => {
  const code = vendorCode(error);
  if (code === null) return "unknown";
  const known = CODES[code] ?? (SQLSTATE.test(code) ? CODES[code.slice(0, 2)] : undefined);
  return known ?? (SQLSTATE.test(code) ? `sqlstate_${code}` : "unknown");
};
