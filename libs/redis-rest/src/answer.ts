import { Fault } from "./fault.ts";
import { encodeError } from "./reply.ts";

const JSON_TYPE = { "content-type": "application/json" };
const AGAIN_LATER = { ...JSON_TYPE, "retry-after": "1" };
// What is answered before its body was read ends the connection: a body that comes a byte at a time kept it for 255 s, and
// 300 strangers with such a body kept everybody else out (nofile 256). Nor is a connection kept for who has no token.
const CLOSE = { ...JSON_TYPE, connection: "close" };

/** How one asks who has no token, or has put it where logs keep it. */
export const CHALLENGE = { "www-authenticate": "Bearer" };

export const ok = (json: string) => new Response(json, { headers: JSON_TYPE });

export const live = () => new Response("ok", { headers: { "cache-control": "no-store", connection: "close" } });

/** What is not even looked at. */
export const refuse = (status: number, message: string, headers: Readonly<Record<string, string>> = {}) =>
  new Response(encodeError(message), { status, headers: { ...CLOSE, ...headers } });

export const internalError = () => new Response(encodeError("ERR internal error"), { status: 500, headers: JSON_TYPE });

/** What is malformed, or what Redis or we refused, is 400; what did not reach Redis or did not come back is 5xx. */
export const failed = (error: Error): Response => {
  const status = error instanceof Fault ? error.status : 400;
  return new Response(encodeError(error.message), { status, headers: status === 503 ? AGAIN_LATER : JSON_TYPE });
};
