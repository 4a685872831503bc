import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openPlace } from "../process/place.ts";
import { type Running, type ServiceOptions, startService } from "../process/service.ts";
import { providePrometheus } from "./binaries.ts";

const READY_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 5_000;
const ASK_MS = 2_000;

export type PrometheusOptions = Omit<ServiceOptions, "settings" | "writeCache"> & {
  /** Of the rules, as text. */
  readonly rules: string;
  /** `host:port` of each app; they are the job `spillway`. */
  readonly targets: readonly string[];
  /** How often they are asked. */
  readonly scrapeMs: number;
  /** What they want to see before they tell their metrics. */
  readonly token?: string;
  readonly alertmanager?: Pick<Running, "port">;
  /** To be enabled. */
  readonly features?: readonly string[];
};

export type AlertmanagerOptions = Omit<ServiceOptions, "settings" | "writeCache"> & {
  /** Its configuration, as text. */
  readonly config: string;
};

const isReady = async (url: string): Promise<boolean> =>
  (await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(ASK_MS) })).ok;

/** JSON is YAML. */
const configOf = ({ targets, scrapeMs, token, alertmanager }: PrometheusOptions): string => {
  const interval = `${scrapeMs}ms`;
  const alerting = { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${alertmanager?.port}`] }] }] };
  const authorization = token ? { authorization: { credentials: token } } : {};
  return JSON.stringify({
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: ["spillway.rules.yml"],
    scrape_configs: [{ job_name: "spillway", ...authorization, static_configs: [{ targets }] }],
    ...(alertmanager && { alerting }),
  });
};

const local = async (name: string, options: Omit<ServiceOptions, "settings" | "writeCache">) => {
  const place = await openPlace(name, options);
  const url = `http://127.0.0.1:${place.port}`;
  return {
    ...place,
    url,
    stopDeadlineMs: STOP_DEADLINE_MS,
    readyDeadlineMs: READY_DEADLINE_MS,
    ready: () => isReady(url),
  };
};

/** Starts a real Prometheus on loopback that asks these apps. Throws NotProvided, or its log. */
export const startPrometheus = async (options: PrometheusOptions): Promise<Running> => {
  const { prometheus, cwd } = await providePrometheus(options.say);
  const service = await local("prometheus", options);
  const file = join(service.cwd, "prometheus.yml");
  return startService({
    ...service,
    cwd: cwd ?? service.cwd,
    prepare: async () => {
      await writeFile(file, configOf(options));
      await writeFile(join(service.cwd, "spillway.rules.yml"), options.rules);
      const listen = `--web.listen-address=127.0.0.1:${service.port}`;
      const features = (options.features ?? []).map((feature) => `--enable-feature=${feature}`);
      const args = [`--config.file=${file}`, `--storage.tsdb.path=${join(service.cwd, "tsdb")}`, listen, ...features];
      return { command: prometheus, args };
    },
  });
};

/** Where it shows its alerts: Debian's has the pages of older versions, under a path of their own. */
export const alertsPage = async ({ url }: Pick<Running, "url">): Promise<string> => {
  const page = await fetch(`${url}/alerts`, { signal: AbortSignal.timeout(ASK_MS) });
  return page.ok ? `${url}/alerts` : `${url}/classic/alerts`;
};

/** Starts a real Alertmanager on loopback, alone. Throws NotProvided, or its log. */
export const startAlertmanager = async (options: AlertmanagerOptions): Promise<Running> => {
  const { alertmanager, cwd } = await providePrometheus(options.say);
  const service = await local("alertmanager", options);
  const file = join(service.cwd, "alertmanager.yml");
  return startService({
    ...service,
    cwd: cwd ?? service.cwd,
    prepare: async () => {
      await writeFile(file, options.config);
      return {
        command: alertmanager,
        args: [
          `--config.file=${file}`,
          `--storage.path=${join(service.cwd, "alerts")}`,
          `--web.listen-address=127.0.0.1:${service.port}`,
          "--cluster.listen-address=",
        ],
      };
    },
  });
};
