/**
 * The one table of what can go wrong with Postgres: our code and what it stands for, SQLSTATEs (five characters, or their
 * class of two) and codes of postgres.js and of the socket below it. All are retriable: they say nothing about the content.
 */
const MEANINGS: Readonly<Record<string, readonly string[]>> = {
  statement_timeout: ["57014"],
  lock_timeout: ["55P03"],
  too_many_connections: ["53300"],
  disk_full: ["53100"],
  out_of_memory: ["53200"],
  read_only: ["25006"],
  serialization_failure: ["40001"],
  deadlock: ["40P01"],
  shutting_down: ["57P01"],
  crashed: ["57P02"],
  starting_up: ["57P03"],
  idle_session_timeout: ["57P05"],
  authentication_failed: ["28000", "28P01"],
  no_such_database: ["3D000"],
  permission_denied: ["42501"],
  shards_differ: ["SPW01"],
  not_migrated: ["42P01", "42703", "42883"],
  pooler_without_statements: ["26000"],
  setting_refused: ["08P01", "42704", "22023"],
  io_error: ["58030"],
  data_corrupted: ["XX001", "XX002"],
  connection_lost: ["08", "CONNECTION_CLOSED", "CONNECTION_DESTROYED", "ECONNRESET", "EPIPE"],
  out_of_resources: ["53"],
  limit_exceeded: ["54"],
  connect_timeout: ["CONNECT_TIMEOUT", "ETIMEDOUT"],
  closed: ["CONNECTION_ENDED"],
  connection_refused: ["ECONNREFUSED", "ENOENT", "EACCES"],
  host_unreachable: ["EHOSTUNREACH", "ENETUNREACH"],
  host_not_found: ["ENOTFOUND", "EAI_AGAIN"],
  tls_not_offered: ["TLS_NOT_OFFERED"],
  certificate_file_unreadable: ["CERTIFICATE_FILE"],
  certificate_refused: [
    "CERT_HAS_EXPIRED",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "UNABLE_TO_GET_ISSUER_CERT",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "ERR_TLS_CERT_ALTNAME_INVALID",
  ],
};

const CODES: ReadonlyMap<string, string> = new Map(
  Object.entries(MEANINGS).flatMap(([meaning, codes]) => codes.map((code) => [code, meaning] as const)),
);

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
  const known = CODES.get(code) ?? (SQLSTATE.test(code) ? CODES.get(code.slice(0, 2)) : undefined);
  return known ?? (SQLSTATE.test(code) ? `sqlstate_${code}` : "unknown");
};
