import { HEADER as DURABILITY } from "./auth/durability.ts";
import { type Problem, respondProblem } from "./respond.ts";
import { allowOf, pathOf } from "./routes.ts";

/** Two hours: Chromium keeps a preflight's answer no longer. */
const MAX_AGE_SECONDS = 7_200;

/** What a page may send besides the `ce-` headers of binary mode. */
const requestHeaders = [
  "authorization",
  "content-type",
  "content-encoding",
  "idempotency-key",
  "prefer",
  "traceparent",
  "tracestate",
  "x-request-id",
  DURABILITY,
];
/** What a page may read besides the body and its type. */
const EXPOSED =
  "X-Request-Id, Retry-After, Preference-Applied, Idempotent-Replayed, Allow, Accept-Post, Accept-Encoding, WWW-Authenticate";

/** `ce-` headers that were asked for, since each event may have others; the rest of what was asked for is none of ours. */
const binaryHeadersIn = (asked: string | null): readonly string[] =>
  (asked ?? "")
    .split(",", 100)
    .map((name) => name.trim().toLowerCase())
    .filter((name) => /^ce-[a-z0-9]{1,64}$/.test(name));

const isPreflight = ({ method, headers }: Request): boolean =>
  method === "OPTIONS" && headers.has("origin") && headers.has("access-control-request-method");

const foreign: Problem = {
  code: "origin_forbidden",
  detail: "pages of this origin may not ask here: it is neither in CORS_ORIGINS nor in API_KEY_ORIGINS",
};

export type Cors = {
  /** The answer to a browser that asks whether its page may send; undefined where it is none that asks so. */
  preflight(request: Request, requestId: string): Response | undefined;
  /** Says whose pages may read an answer. */
  mark(request: Request, response: Response): void;
};

/**
 * Lets pages of these origins ask and read, by the Fetch standard. There are no cookies here, so no credentials are allowed, and an
 * origin is named and never `*`. Null without origins: then no answer says anything of it.
 */
export const createCors = (allowed: readonly string[]): Cors | null => {
  if (allowed.length === 0) return null;
  const origins = new Set(allowed);
  return {
    preflight: (request, requestId) => {
      if (!isPreflight(request)) return undefined;
      const { headers } = request;
      if (!origins.has(headers.get("origin") ?? "")) return respondProblem(foreign, requestId);
      const may = [...requestHeaders, ...binaryHeadersIn(headers.get("access-control-request-headers"))];
      return new Response(null, {
        status: 204,
        headers: {
          "x-request-id": requestId,
          "access-control-allow-methods": allowOf(pathOf(request)) ?? "GET, HEAD",
          "access-control-allow-headers": may.join(", "),
          "access-control-max-age": String(MAX_AGE_SECONDS),
          vary: "Access-Control-Request-Headers",
        },
      });
    },
    mark: ({ headers }, response) => {
      response.headers.append("vary", "Origin");
      const origin = headers.get("origin");
      if (origin === null || !origins.has(origin)) return;
      response.headers.set("access-control-allow-origin", origin);
      response.headers.set("access-control-expose-headers", EXPOSED);
    },
  };
};
