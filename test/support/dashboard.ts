import { type Running, startApp } from "@spillway/backends";
import { entryOf, type Pipeline, type Services } from "./world.ts";

export const DASHBOARD_PASSWORD = "password of the tests";

/** The real dashboard of a pipeline. */
export const startDashboard = (
  services: Services,
  pipeline: Pipeline,
  env: Readonly<Record<string, string>> = {},
): Promise<Running> =>
  startApp({
    name: "dashboard",
    entry: entryOf("dashboard"),
    env: {
      ENVIRONMENT: "development",
      DASHBOARD_PASSWORD,
      REDIS_URL: services.redis.url,
      DATABASE_URL: pipeline.addresses.databaseUrl,
      EDGE_URL: pipeline.edges.map(({ url }) => url).join(),
      RELAY_URL: pipeline.relays.map(({ url }) => url).join(),
      NAMESPACE: pipeline.name,
      ...env,
    },
  });
