import { Fault } from "./fault.ts";
import { encodeError } from "./reply.ts";

const JSON_TYPE = { "content-type": "application/json" };
const AGAIN_LATER = { ...JSON_TYPE, "retry-after": "1" };
// What is answered before its body was read ends the connection: a body that comes a byte at a time kept it for 255 s, and
// 300 strangers with such a body kept everybody else out (nofile 256). Nor is a connection kept for who has no token.
const CLOSE = { ...JSON_TYPE, connection: "close" };

type Head = Readonly<Record<string, string>>;

export const ok = (json: string) => new Response(json, { headers: JSON_TYPE });

const failure = (status: number, message: string, headers: Head = JSON_TYPE) =>
  new Response(encodeError(message), { status, headers });

/** A malformed, refused or failed command. */
export const badRequest = (message: string) => failure(400, message);

export const live = () => new Response("ok", { headers: { "cache-control": "no-store", connection: "close" } });

export const malformedLength = () => failure(400, "ERR Content-Length must be one number", CLOSE);

export const formatNotOffered = () => failure(400, "ERR Upstash-Response-Format must be json", CLOSE);

export const unauthorized = () =>
  failure(401, "WRONGPASS invalid or missing auth token", { ...CLOSE, "www-authenticate": "Bearer" });

/** A token in a URL ends up in logs and histories. */
export const tokenInUrl = () =>
  failure(401, "WRONGPASS the _token parameter is not accepted; send the header Authorization: Bearer", {
    ...CLOSE,
    "www-authenticate": "Bearer",
  });

export const notFound = () => failure(404, "ERR no such endpoint", CLOSE);

export const methodNotAllowed = (allowed: string) =>
  failure(405, "ERR method not allowed", { ...CLOSE, allow: allowed });

export const bodyTooSlow = () => failure(408, "ERR the request body did not arrive in time", CLOSE);

export const bodyTooLarge = (bytesMax: number) =>
  failure(413, `ERR max request size exceeded. Limit: ${bytesMax} bytes`, CLOSE);

export const internalError = () => failure(500, "ERR internal error");

/** What Redis refused is 400, what did not reach it or did not come back is 5xx. */
export const failed = (error: Error): Response => {
  if (!(error instanceof Fault)) return badRequest(error.message);
  return failure(error.status, error.message, error.status === 503 ? AGAIN_LATER : JSON_TYPE);
};
