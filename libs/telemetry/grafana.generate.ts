import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { dashboardFiles } from "./src/grafana/dashboards.ts";

/* Writes grafana/dashboards/*.json from src/grafana; they are checked in, so that Grafana needs nothing of ours. */
const folder = fileURLToPath(new URL("./grafana/dashboards/", import.meta.url));
for (const [name, text] of dashboardFiles()) writeFileSync(folder + name, text);
