import { answer, answerText } from "./answer.ts";
import type { Refuse } from "./metrics.ts";

/** `degraded`: it works, but something is wrong. `down`, `stopping`: go elsewhere. */
export type Status = "up" | "degraded" | "down" | "stopping";

/** What `/readyz` shows. */
export type Ready = { readonly status: Status };

const json = (status: number, body: object): Response => answer(status, "application/json", JSON.stringify(body));

/** The process answers; nobody else is asked. */
export const answerLive = (): Response => json(200, { status: "up" });

/** 200 for as long as work may be sent here. */
export const answerReady = (ready: Ready): Response =>
  json(ready.status === "up" || ready.status === "degraded" ? 200 : 503, ready);

/** `OPTIONS /`: what HAProxy asks where nobody configured its check, so the end of the process shows in it, too. */
export const answerOptions = (isStopping: boolean): Response =>
  new Response(null, { status: isStopping ? 503 : 204, headers: { allow: "OPTIONS", "cache-control": "no-store" } });

export type ProbePorts = {
  readonly readiness: () => Promise<Ready>;
  readonly isStopping: () => boolean;
  /** Absent where there are none. */
  readonly metrics?: (request: Request, refuse: Refuse) => Promise<Response>;
};

const ALLOW = "GET, HEAD";

/**
 * `/livez`, `/readyz` and `/metrics` of an app that answers in plain text, and `OPTIONS /`. Null for what else is asked,
 * which is the app's own. `option httpchk /readyz` of HAProxy asks with OPTIONS.
 */
export const createProbes = ({ readiness, isStopping, metrics }: ProbePorts) => {
  const ready = async (): Promise<Response> => answerReady(await readiness());
  const route = (path: string): ((request: Request) => Response | Promise<Response>) | undefined => {
    if (path === "/livez") return answerLive;
    if (path === "/readyz") return ready;
    return path === "/metrics" ? metrics && ((request) => metrics(request, answerText)) : undefined;
  };
  return async (request: Request, path: string): Promise<Response | null> => {
    if (request.method === "OPTIONS" && path === "/") return answerOptions(isStopping());
    const answerOf = route(path);
    if (answerOf === undefined) return null;
    const isAsking = ["GET", "HEAD"].includes(request.method) || (request.method === "OPTIONS" && path !== "/metrics");
    return isAsking ? answerOf(request) : answerText(405, `use ${ALLOW}`, { allow: ALLOW });
  };
};
