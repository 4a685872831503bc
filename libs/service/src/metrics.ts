import type { Platform } from "@spillway/event";
import type { Metrics } from "@spillway/telemetry";
import { isLoopback } from "./address.ts";
import { answer } from "./answer.ts";
import { createBearerCheck } from "./bearer.ts";

/** Who may read `/metrics`: everybody, nobody, or who has the token; absent on a runtime that has none. */
export type MetricsAccess = "open" | "closed" | "absent" | { readonly token: string };

/** How an app refuses, in its own form. */
export type Refuse = (status: 401 | 404, detail: string, headers?: Readonly<Record<string, string>>) => Response;

/**
 * Open only where somebody develops: on a machine in production a proxy publishes what listens on loopback, and what the
 * metrics show about the traffic is not for the public.
 */
export const metricsAccessOf = (settings: {
  readonly ENVIRONMENT: "development" | "production";
  readonly HOST: string;
  readonly METRICS_TOKEN: string | undefined;
}): MetricsAccess => {
  if (settings.METRICS_TOKEN !== undefined) return { token: settings.METRICS_TOKEN };
  return settings.ENVIRONMENT === "development" && isLoopback(settings.HOST) ? "open" : "closed";
};

/** `GET /metrics`. */
export const createMetricsRoute = (
  metrics: Pick<Metrics, "expose">,
  access: MetricsAccess,
  platform: Pick<Platform, "sha256">,
) => {
  const mayRead = typeof access === "string" ? () => access === "open" : createBearerCheck(access.token, platform);
  return async (request: Request, refuse: Refuse): Promise<Response> => {
    if (access === "absent") return refuse(404, "there are no /metrics on this runtime");
    if (access === "closed") return refuse(404, "/metrics is closed here: set METRICS_TOKEN to read it");
    if (!mayRead(request.headers.get("authorization")))
      return refuse(401, "send the metrics token", { "www-authenticate": 'Bearer realm="spillway-metrics"' });
    const { text, contentType } = await metrics.expose(request.headers.get("accept"));
    return answer(200, contentType, text);
  };
};
