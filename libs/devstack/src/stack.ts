import { rm } from "node:fs/promises";
import { createApp, type Running } from "@spillway/backends";
import { appEntry, appEnvironments } from "./apps.ts";
import { type DevstackConfig, REPO_ROOT } from "./config.ts";
import { APP_NAMES, type AppName, type DevEnv, PROCESS_NAMES, type ProcessName, SERVICE_NAMES } from "./dev-env.ts";
import { createKeeper } from "./keeper.ts";
import { type Layout, rotateLog } from "./layout.ts";
import { endProcess } from "./pid-record.ts";
import { choosePorts, type Ports } from "./ports.ts";
import { sayAs } from "./say.ts";
import { openSecrets, type Secrets } from "./secrets.ts";
import { watchSources } from "./source-watch.ts";
import { createRecorder, type Processes, type Recorder, readStackRecord } from "./stack-record.ts";
import { type Addresses, startServices } from "./stack-services.ts";

/** An app has so long to finish what it holds. */
const APP_STOP_MS = 7_000;

/** SIGTERM would make Postgres wait for every client to leave. */
const stopSignalOf = (name: ProcessName) => (name === "postgres" ? "SIGINT" : "SIGTERM");

const settingsOf = (services: Addresses, ports: Ports, secrets: Secrets, config: DevstackConfig): DevEnv => {
  const at = (name: ProcessName) => `http://127.0.0.1:${ports[name]}`;
  return {
    EDGE_URL: at("edge"),
    DASHBOARD_URL: at("dashboard"),
    RELAY_URL: at("relay"),
    API_KEY: secrets.apiKey,
    DASHBOARD_PASSWORD: secrets.dashboardPassword,
    ...services,
    KAFKA_TOPIC: config.kafkaTopic,
    METRICS_TOKEN: config.metricsToken,
  };
};

/** Ends what nobody supervises, and would hold the ports and the data folders. */
const endProcesses = async (processes: Processes, because: string): Promise<void> => {
  for (const name of PROCESS_NAMES) {
    const left = processes[name];
    if (left && (await endProcess(left, stopSignalOf(name)))) sayAs(name)(`ended pid ${left.pid}, ${because}`);
  }
};

const openApp = (name: AppName, env: Readonly<Record<string, string>>, layout: Layout, recorder: Recorder) =>
  createApp({
    name,
    entry: appEntry(name),
    env,
    port: Number(env.PORT),
    logFile: layout.log(name),
    stopDeadlineMs: APP_STOP_MS,
    // The supervision tries again; a source that was mended need not wait for ten launches of the broken one.
    launchesMax: 1,
    onSpawn: (pid) => recorder.spawned(name, pid),
  });

/**
 * The services and the apps of one `.spillway` folder, kept alive by this process. While somebody edits the sources it shows
 * the apps' logs, and starts an app again when a file of its changes.
 */
export const createStack = (config: DevstackConfig, layout: Layout, isEdited: boolean) => {
  const recorder = createRecorder(layout);
  const keeper = createKeeper(isEdited ? APP_NAMES : []);
  let endWatch: () => void = () => undefined;

  /**
   * Resolves when every service is ready and the apps are launched; `appsReady` when every app has been ready. Throws what
   * kept a service from it.
   */
  const start = async () => {
    await endProcesses((await readStackRecord(layout.record))?.processes ?? {}, "left over from an earlier run");
    await Promise.all([layout.record, layout.devEnv].map((file) => rm(file, { force: true })));
    for (const name of PROCESS_NAMES) await rotateLog(layout.log(name));
    const [ports, secrets] = [await choosePorts(layout.ports), await openSecrets(layout.secrets)];
    const told = { onSpawn: recorder.spawned, onRunning: (service: Running) => void keeper.keep(service) };
    const services = await startServices({ config, layout, secrets, ports, ...told });
    const settings = settingsOf(services, ports, secrets, config);
    recorder.settings(settings);
    const environments = appEnvironments(settings, config, layout.devEnv);
    if (isEdited && config.watchesSources)
      endWatch = await watchSources(REPO_ROOT, {
        onChange: keeper.reload,
        onFault: (fault) => sayAs("devstack")(`the apps run on as they were: ${fault}`),
      });
    const apps = APP_NAMES.map((name) => openApp(name, environments[name], layout, recorder).then(keeper.keep));
    return { settings, appsReady: Promise.all(apps) };
  };

  /** Apps first, then the services; leaves no process and no file that speaks of one. */
  const stop = async (): Promise<void> => {
    endWatch();
    recorder.settings(undefined);
    await keeper.end([APP_NAMES, ...SERVICE_NAMES.map((name) => [name])]);
    // One that was still starting is known by its pid alone.
    await endProcesses(await recorder.processes(), "which was still starting");
    await rm(layout.record, { force: true });
  };

  return { start, stop };
};
