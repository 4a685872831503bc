/*
 * The one table: what a Redis, or the REST server before it, says → the code that we answer and log. Every one is
 * retriable for the caller: a refused append goes to the outbox, a refused settle is tried again.
 * The first row whose text occurs decides.
 */
const table: readonly (readonly [text: string, code: string])[] = [
  ["NOSCRIPT", "no_script"],
  ["OOM command", "oom"],
  ["READONLY", "readonly"],
  ["LOADING", "loading"],
  ["MISCONF", "misconf"],
  ["NOAUTH", "unauthorized"],
  ["WRONGPASS", "unauthorized"],
  ["Unauthorized", "unauthorized"],
  ["NOPERM", "forbidden"],
  ["CLUSTERDOWN", "cluster_down"],
  ["Too many Cluster redirections", "cluster_moved"],
  ["Failed to refresh slots cache", "cluster_down"],
  ["None of startup nodes is available", "unreachable"],
  ["MOVED ", "cluster_moved"],
  ["ASK ", "cluster_moved"],
  ["TRYAGAIN", "cluster_try_again"],
  ["CROSSSLOT", "cross_slot"],
  ["MASTERDOWN", "master_down"],
  ["NOREPLICAS", "no_replicas"],
  ["WRONGTYPE", "wrong_type"],
  ["BUSY ", "busy"],
  ["UNAVAILABLE Redis has no such database", "no_such_database"],
  ["UNAVAILABLE ", "unreachable"],
  ["LOST ", "closed"],
  ["TIMEOUT ", "timeout"],
  ["UNKILLABLE", "busy"],
  ["max number of clients", "too_many_connections"],
  ["max concurrent connections", "too_many_connections"],
  ["max daily request limit", "quota"],
  ["max requests limit", "quota"],
  ["capacity quota exceeded", "quota"],
  ["max request size", "request_too_large"],
  ["record size exceeded", "record_too_large"],
  ["unknown command", "unknown_command"],
  ["DB index is out of range", "no_such_database"],
  ["invalid DB index", "no_such_database"],
  ["SELECT is not allowed in cluster mode", "no_such_database"],
  ["exhausted the last possible ID", "stream_exhausted"],
  ["Command timed out", "timeout"],
  ["ETIMEDOUT", "timeout"],
  ["ECONNREFUSED", "unreachable"],
  ["EHOSTUNREACH", "unreachable"],
  ["ENETUNREACH", "unreachable"],
  ["ENOTFOUND", "unreachable"],
  ["EAI_AGAIN", "unreachable"],
  ["ECONNRESET", "closed"],
  ["EPIPE", "closed"],
  ["Connection is closed", "closed"],
  ["connection close", "closed"],
  ["max retries per request limit", "closed"],
  ["Stream isn't writeable", "closed"],
];

/** The Upstash client appends the whole command, payload included: nothing after this is looked at. */
const COMMAND_FOLLOWS = ", command was: ";

/** The code for an error text of Redis, ioredis or the REST server; `redis_error` for one that the table lacks. */
export const codeOfText = (text: string): string => {
  const end = text.indexOf(COMMAND_FOLLOWS);
  const said = end < 0 ? text : text.slice(0, end);
  for (const [part, code] of table) if (said.includes(part)) return code;
  return "redis_error";
};

const isTimeout = (name: string): boolean => name === "TimeoutError" || name === "AbortError";

/** The code for what the Upstash client threw. Its text holds the payload and goes no further than here. */
export const codeOfRestError = (error: unknown): string => {
  if (!(error instanceof Error)) return "redis_error";
  if (isTimeout(error.name)) return "timeout";
  if (error.name === "UpstashError") return codeOfText(error.message);
  if (error.name === "UpstashJSONParseError") return "odd_reply";
  // A reply of another shape than the client expects ends in a bare TypeError; a failed fetch has a code or a cause.
  const isBare = error.cause === undefined && !("code" in error);
  return error instanceof TypeError && isBare ? "odd_reply" : "unreachable";
};

/** The code for what ioredis rejected with. Its error objects hold the command's arguments and go no further. */
export const codeOfTcpError = (error: unknown): string => {
  if (!(error instanceof Error)) return "redis_error";
  const code = "code" in error ? `${String(error.code)} ` : "";
  const last =
    "lastNodeError" in error && error.lastNodeError instanceof Error ? ` ${error.lastNodeError.message}` : "";
  return codeOfText(code + error.message + last);
};
