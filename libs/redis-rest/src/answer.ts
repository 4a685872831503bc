import { Fault } from "./fault.ts";
import { encodeError } from "./reply.ts";

const JSON_TYPE = { "content-type": "application/json" };
const AGAIN_LATER = { ...JSON_TYPE, "retry-after": "1" };
// The rest of a body that nobody reads would be taken for the next request.
const CLOSE = { ...JSON_TYPE, connection: "close" };

type Head = Readonly<Record<string, string>>;

export const ok = (json: string) => new Response(json, { headers: JSON_TYPE });

const failure = (status: number, message: string, headers: Head = JSON_TYPE) =>
  new Response(encodeError(message), { status, headers });

/** A malformed, refused or failed command. */
export const badRequest = (message: string) => failure(400, message);

export const unauthorized = () =>
  failure(401, "WRONGPASS invalid or missing auth token", { ...JSON_TYPE, "www-authenticate": "Bearer" });

/** A token in a URL ends up in logs and histories. */
export const tokenInUrl = () =>
  failure(401, "WRONGPASS the _token parameter is not accepted; send the header Authorization: Bearer", {
    ...JSON_TYPE,
    "www-authenticate": "Bearer",
  });

export const notFound = () => failure(404, "ERR no such endpoint");

export const methodNotAllowed = (allowed: string) =>
  failure(405, "ERR method not allowed", { ...JSON_TYPE, allow: allowed });

export const bodyTooSlow = () => failure(408, "ERR the request body did not arrive in time", CLOSE);

export const bodyTooLarge = (bytesMax: number) =>
  failure(413, `ERR max request size exceeded. Limit: ${bytesMax} bytes`, CLOSE);

export const internalError = () => failure(500, "ERR internal error");

/** What Redis refused is 400, what did not reach it or did not come back is 5xx. */
export function failed(error: Error): Response {
  if (!(error instanceof Fault)) return badRequest(error.message);
  return failure(error.status, error.message, error.status === 503 ? AGAIN_LATER : JSON_TYPE);
}
