import type { Platform } from "@spillway/event";
import type { Metrics } from "@spillway/telemetry";
import { Hono } from "hono";
import type { Health } from "./health.ts";

export type AppPorts = {
  readonly health: Pick<Health, "readiness">;
  readonly metrics: Pick<Metrics, "expose">;
  readonly platform: Pick<Platform, "sha256">;
};

export type MetricsAccess = "open" | "closed" | { readonly token: string };

const utf8 = new TextEncoder();

/** In constant time: both sides are hashed first, so that neither length nor prefix shows. */
const createTokenCheck = (token: string, platform: AppPorts["platform"]) => {
  const expected = platform.sha256(utf8.encode(`Bearer ${token}`));
  return (authorization: string | undefined): boolean => {
    const given = platform.sha256(utf8.encode(authorization ?? ""));
    let difference = 0;
    for (let i = 0; i < expected.length; i++) difference |= (expected[i] ?? 0) ^ (given[i] ?? 0);
    return difference === 0;
  };
};

/** What an operator asks a relay. Nothing here changes anything. */
export const createApp = ({ health, metrics, platform }: AppPorts, metricsAccess: MetricsAccess): Hono => {
  const app = new Hono();
  const mayRead = typeof metricsAccess === "object" ? createTokenCheck(metricsAccess.token, platform) : null;

  app.get("/livez", (context) => context.json({ status: "up" }));

  app.get("/readyz", async (context) => {
    const readiness = await health.readiness();
    const serves = readiness.status === "up" || readiness.status === "degraded";
    return context.json(readiness, serves ? 200 : 503, { "cache-control": "no-store" });
  });

  app.get("/metrics", async (context) => {
    if (metricsAccess === "closed") return context.notFound();
    if (mayRead && !mayRead(context.req.header("authorization")))
      return context.text("send the metrics token\n", 401, { "www-authenticate": 'Bearer realm="spillway-metrics"' });
    const { text, contentType } = await metrics.expose();
    return context.text(text, 200, { "content-type": contentType });
  });

  app.notFound((context) => context.text("/livez, /readyz and /metrics are what there is\n", 404));
  return app;
};
