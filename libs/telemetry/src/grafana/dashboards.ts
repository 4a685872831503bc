import { dashboardOf } from "./dashboard.ts";
import { edge } from "./edge.ts";
import { overview } from "./overview.ts";
import { relay } from "./relay.ts";

/** The files of grafana/dashboards by their names, as they have to be. */
export const dashboardFiles = (): ReadonlyMap<string, string> =>
  new Map(
    [overview, edge, relay].map((spec) => [`${spec.uid}.json`, `${JSON.stringify(dashboardOf(spec), null, 2)}\n`]),
  );
