import type { Platform } from "@spillway/event";
import type { Metrics } from "@spillway/telemetry";
import { type ApiKey, createKeyRing } from "./auth/api-key.ts";
import { respondProblem, respondText } from "./respond.ts";

/** `GET /metrics`. Closed means that it does not exist: what it shows about the traffic is not for the public. */
export const createMetricsRoute = (
  { metrics, platform }: { readonly metrics: Metrics; readonly platform: Platform },
  access: "open" | "closed" | ApiKey,
) => {
  const keyOf = typeof access === "string" ? null : createKeyRing([access], platform);
  return async (request: Request, requestId: string): Promise<Response> => {
    if (access === "closed")
      return respondProblem({ code: "not_found", detail: "set METRICS_TOKEN to see metrics from afar" }, requestId);
    if (keyOf !== null && keyOf(request.headers.get("authorization")) === null) {
      const headers = { "www-authenticate": 'Bearer realm="spillway-metrics"' };
      return respondProblem({ code: "unauthorized", detail: "send the metrics token", headers }, requestId);
    }
    const { text, contentType } = await metrics.expose();
    return respondText(contentType, text, requestId);
  };
};
