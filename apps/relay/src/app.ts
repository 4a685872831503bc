import type { Platform } from "@spillway/event";
import { answerText, createMetricsRoute, createProbes, type MetricsAccess } from "@spillway/service";
import type { Metrics } from "@spillway/telemetry";
import { Hono } from "hono";
import type { Health } from "./health.ts";

export type AppPorts = {
  readonly health: Pick<Health, "readiness" | "isStopping">;
  readonly metrics: Pick<Metrics, "expose">;
  readonly platform: Pick<Platform, "sha256">;
};

/** What an operator asks a relay. Nothing here changes anything. */
export const createApp = ({ health, metrics, platform }: AppPorts, metricsAccess: MetricsAccess): Hono => {
  const probes = createProbes({ ...health, metrics: createMetricsRoute(metrics, metricsAccess, platform) });
  const there =
    metricsAccess === "closed"
      ? "/livez and /readyz are what there is; /metrics needs METRICS_TOKEN"
      : "/livez, /readyz and /metrics are what there is";
  const app = new Hono();
  app.all("*", async ({ req }) => (await probes(req.raw, req.path)) ?? answerText(404, there));
  return app;
};
