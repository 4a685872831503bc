import { UNKNOWN_FLAG } from "./script-texts.ts";

/*
 * The one table: what a Redis, or the REST server before it, says → the code that we answer and log. Every one is
 * retriable for the caller: a refused append goes to the outbox, a refused settle is tried again.
 * The first row of which a text occurs decides.
 */
const table: readonly (readonly [code: string, ...texts: string[]])[] = [
  ["no_script", "NOSCRIPT"],
  ["oom", "OOM command"],
  [UNKNOWN_FLAG, "Unexpected flag in script shebang"],
  ["readonly", "READONLY"],
  ["loading", "LOADING"],
  ["misconf", "MISCONF"],
  ["unauthorized", "NOAUTH", "WRONGPASS", "Unauthorized"],
  ["forbidden", "NOPERM"],
  ["cluster_down", "CLUSTERDOWN"],
  ["cluster_moved", "Too many Cluster redirections"],
  ["cluster_down", "Failed to refresh slots cache"],
  ["unreachable", "None of startup nodes is available"],
  ["cluster_moved", "MOVED ", "ASK "],
  ["cluster_try_again", "TRYAGAIN"],
  ["cross_slot", "CROSSSLOT"],
  ["master_down", "MASTERDOWN"],
  ["no_replicas", "NOREPLICAS"],
  ["wrong_type", "WRONGTYPE"],
  ["busy", "BUSY "],
  ["no_such_database", "UNAVAILABLE Redis has no such database"],
  ["unreachable", "UNAVAILABLE "],
  ["closed", "LOST "],
  ["timeout", "TIMEOUT "],
  ["busy", "UNKILLABLE"],
  ["too_many_connections", "max number of clients", "max concurrent connections"],
  ["quota", "max daily request limit", "max requests limit", "capacity quota exceeded"],
  ["request_too_large", "max request size"],
  ["record_too_large", "record size exceeded"],
  ["unknown_command", "unknown command"],
  ["no_such_database", "DB index is out of range", "invalid DB index", "SELECT is not allowed in cluster mode"],
  ["stream_exhausted", "exhausted the last possible ID"],
  [
    "certificate_refused",
    "CERT_",
    "SELF_SIGNED_CERT",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "UNABLE_TO_GET_ISSUER_CERT",
    "ALTNAME_INVALID",
  ],
  ["tls_failed", "EPROTO", "ERR_SSL_", "ERR_TLS_"],
  ["timeout", "Command timed out", "ETIMEDOUT"],
  ["unreachable", "ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EAI_AGAIN"],
  [
    "closed",
    "ECONNRESET",
    "EPIPE",
    "Connection is closed",
    "connection close",
    "max retries per request limit",
    "Stream isn't writeable",
  ],
];

/** The Upstash client appends the whole command, payload included: nothing after this is looked at. */
const COMMAND_FOLLOWS = ", command was: ";

/** The code for an error text of Redis, ioredis or the REST server; `redis_error` for one that the table lacks. */
export const codeOfText = (text: string): string => {
  const end = text.indexOf(COMMAND_FOLLOWS);
  const said = end < 0 ? text : text.slice(0, end);
  const row = table.find(([, ...texts]) => texts.some((part) => said.includes(part)));
  return row?.[0] ?? "redis_error";
};

const isTimeout = (name: string): boolean => name === "TimeoutError" || name === "AbortError";

const codedText = (error: Error): string => `${"code" in error ? String(error.code) : ""} ${error.message}`;

/** The code for what the Upstash client threw. Its text holds the payload and goes no further than here. */
export const codeOfRestError = (error: unknown): string => {
  if (!(error instanceof Error)) return "redis_error";
  if (isTimeout(error.name)) return "timeout";
  if (error.name === "UpstashError") return codeOfText(error.message);
  if (error.name === "UpstashJSONParseError") return "odd_reply";
  // A reply of another shape than the client expects ends in a bare TypeError; a failed fetch has a code or a cause.
  const isBare = error.cause === undefined && !("code" in error);
  if (error instanceof TypeError && isBare) return "odd_reply";
  const code = codeOfText(`${codedText(error)} ${error.cause instanceof Error ? codedText(error.cause) : ""}`);
  return code === "redis_error" ? "unreachable" : code;
};

/** The code for what ioredis rejected with. Its error objects hold the command's arguments and go no further. */
export const codeOfTcpError = (error: unknown): string => {
  if (!(error instanceof Error)) return "redis_error";
  const last =
    "lastNodeError" in error && error.lastNodeError instanceof Error ? ` ${error.lastNodeError.message}` : "";
  return codeOfText(codedText(error) + last);
};
