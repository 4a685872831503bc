import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  alertsPage,
  findGrafana,
  portNear,
  type Running,
  startAlertmanager,
  startGrafana,
  startPrometheus,
} from "@spillway/backends";
import { systemClock } from "@spillway/event";
import { ConfigError } from "@spillway/service";
import { configOrExit } from "@spillway/service/bun";
import { REPO_ROOT, readObserveConfig } from "./config.ts";
import type { DevEnv } from "./dev-env.ts";
import { interruption } from "./interrupt.ts";
import { type Layout, layoutOf, makeLayout, rotateLog } from "./layout.ts";
import { takeLock } from "./lock.ts";
import { sayAs } from "./say.ts";
import { findReadyStack } from "./stack-record.ts";

const POLL_MS = 500;
const SCRAPE_MS = 5_000;
const RULE = "─".repeat(88);
const TELEMETRY = join(REPO_ROOT, "libs/telemetry");
/** Behind those of the stack. */
const PORTS = { prometheus: 8790, alertmanager: 8791, grafana: 8792 };
const say = sayAs("observe");

/** Resolves with the settings of the stack in this folder, as soon as one runs. */
const runningStack = async (layout: Layout): Promise<DevEnv> => {
  for (let isFirst = true; ; isFirst = false) {
    const stack = await findReadyStack(layout.record);
    if (stack) return stack.settings;
    if (isFirst) say(`Spillway does not run in ${layout.root}; waiting for it. To start it: npm start`);
    await systemClock.sleep(POLL_MS);
  }
};

const placeOf = async (name: keyof typeof PORTS, layout: Layout) => {
  await rotateLog(layout.log(name));
  return {
    port: await portNear(PORTS[name]),
    dataDir: layout.data(name),
    logFile: layout.log(name),
    say,
  };
};

type Observers = { readonly prometheus: Running; readonly alertmanager: Running; readonly grafana: Running | null };

/** `started` is given each as soon as it runs. */
const startObservers = async (
  layout: Layout,
  stack: DevEnv,
  grafanaBin: string | undefined,
  started: (running: Running) => Running,
): Promise<Observers> => {
  const text = (file: string) => readFile(join(TELEMETRY, "alerts", file), "utf8");
  const config = await text("alertmanager.yml");
  const alertmanager = started(await startAlertmanager({ ...(await placeOf("alertmanager", layout)), config }));
  const prometheus = started(
    await startPrometheus({
      ...(await placeOf("prometheus", layout)),
      rules: await text("spillway.rules.yml"),
      targets: [stack.EDGE_URL, stack.RELAY_URL, stack.DASHBOARD_URL].map((url) => new URL(url).host),
      scrapeMs: SCRAPE_MS,
      token: stack.METRICS_TOKEN,
      alertmanager,
      features: ["exemplar-storage"],
    }),
  );
  if (grafanaBin === undefined) return { prometheus, alertmanager, grafana: null };
  const env = { PROMETHEUS_URL: prometheus.url, SPILLWAY_DASHBOARDS: join(TELEMETRY, "grafana/dashboards") };
  const provisioning = join(TELEMETRY, "grafana/provisioning");
  const place = await placeOf("grafana", layout);
  return {
    prometheus,
    alertmanager,
    grafana: started(await startGrafana({ ...place, bin: grafanaBin, provisioning, env })),
  };
};

const NO_GRAFANA = "not on the PATH: https://grafana.com/grafana/download, then GRAFANA_BIN=/path/to/bin/grafana";

const renderObservers = async ({ prometheus, alertmanager, grafana }: Observers): Promise<string> => {
  const rows = [
    ["Alerts", await alertsPage(prometheus)],
    ["Prometheus", prometheus.url],
    ["Alertmanager", alertmanager.url],
    ["Grafana", grafana === null ? NO_GRAFANA : `${grafana.url}/d/spillway`],
    ["Runbook", "libs/telemetry/runbook"],
  ].map(([name = "", value = ""]) => `  ${name.padEnd(14)}${value}`);
  return ["", RULE, "  Spillway is watched. Ctrl-C ends what watches, and not Spillway.", "", ...rows, RULE, ""].join(
    "\n",
  );
};

/** Watches the stack of this folder until it is interrupted. Returns what the process ends with. */
export const observe = async (): Promise<number> => {
  const config = configOrExit(readObserveConfig);
  const layout = layoutOf(config.root);
  await makeLayout(layout);
  const lock = takeLock(layout.observeLock);
  if (!lock)
    throw new ConfigError([`SPILLWAY_DIR: another npm run observe watches ${layout.root}; end that one first`]);
  const running: Running[] = [];
  const started = (one: Running) => {
    running.push(one);
    return one;
  };
  const interrupted = interruption();
  const shown = (async () => {
    const stack = await runningStack(layout);
    console.log(
      await renderObservers(await startObservers(layout, stack, config.grafanaBin ?? (await findGrafana()), started)),
    );
  })();
  try {
    say(`stopping (${await Promise.race([interrupted, shown.then(() => interrupted)])})`);
    return 0;
  } finally {
    await Promise.all(running.map((one) => one.stop()));
    lock.release();
  }
};
