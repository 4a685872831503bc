import { access, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findExecutable } from "../process/command.ts";
import { openPlace } from "../process/place.ts";
import { type Running, type ServiceOptions, startService } from "../process/service.ts";

const READY_DEADLINE_MS = 120_000;
const STOP_DEADLINE_MS = 5_000;
const ASK_MS = 2_000;
const PACKAGED_HOME = "/usr/share/grafana";

export type GrafanaOptions = Omit<ServiceOptions, "settings" | "writeCache"> & {
  /** Path of the program `grafana`. */
  readonly bin: string;
  /** The folder with `datasources` and `dashboards`. */
  readonly provisioning: string;
  /** For what stands in there. */
  readonly env: Readonly<Record<string, string>>;
};

/** The program on the PATH. It is not fetched: nothing that the project uses has it. */
export const findGrafana = (): Promise<string | undefined> => findExecutable("grafana");

/** Its pages and defaults: beside the program where an archive was unpacked, else where packages put them. */
const homeOf = async (bin: string): Promise<string> => {
  const beside = dirname(dirname(await realpath(bin)));
  return access(join(beside, "conf", "defaults.ini")).then(
    () => beside,
    () => PACKAGED_HOME,
  );
};

/** Everyone on this machine may look; nothing is sent to anybody else. */
const settingsOf = (port: number, data: string, provisioning: string) => ({
  GF_SERVER_HTTP_ADDR: "127.0.0.1",
  GF_SERVER_HTTP_PORT: String(port),
  GF_PATHS_DATA: data,
  GF_PATHS_LOGS: join(data, "log"),
  GF_PATHS_PROVISIONING: provisioning,
  GF_AUTH_ANONYMOUS_ENABLED: "true",
  GF_AUTH_ANONYMOUS_ORG_ROLE: "Viewer",
  GF_ANALYTICS_REPORTING_ENABLED: "false",
  GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
  GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false",
  GF_NEWS_NEWS_FEED_ENABLED: "false",
});

const isHealthy = async (url: string): Promise<boolean> =>
  (await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(ASK_MS) })).ok;

/** Starts a Grafana on loopback with what is provisioned. Throws its log when it never is ready. */
export const startGrafana = async ({ bin, provisioning, env, ...options }: GrafanaOptions): Promise<Running> => {
  const place = await openPlace("grafana", options);
  const url = `http://127.0.0.1:${place.port}`;
  const home = await homeOf(bin);
  return startService({
    ...place,
    url,
    stopDeadlineMs: STOP_DEADLINE_MS,
    readyDeadlineMs: READY_DEADLINE_MS,
    launchesMax: 1,
    ready: () => isHealthy(url),
    prepare: async () => ({
      command: bin,
      args: ["server", `--homepath=${home}`],
      env: { ...settingsOf(place.port, place.cwd, provisioning), ...env },
    }),
  });
};
