import { rm } from "node:fs/promises";
import { createApp, type Running, type Say } from "@spillway/backends";
import { appEntry, appEnvironments } from "./apps.ts";
import { type DevstackConfig, REPO_ROOT } from "./config.ts";
import { APP_NAMES, type AppName, type DevEnv, PROCESS_NAMES, type ProcessName, SERVICE_NAMES } from "./dev-env.ts";
import { createKeeper, type Keeper } from "./keeper.ts";
import { type Layout, rotateLog } from "./layout.ts";
import { endProcess } from "./pid-record.ts";
import { choosePorts, type Ports } from "./ports.ts";
import { openSecrets, type Secrets } from "./secrets.ts";
import { watchSources } from "./source-watch.ts";
import { createRecorder, type Recorder, readStackRecord } from "./stack-record.ts";
import { type Addresses, startServices } from "./stack-services.ts";

/** An app has so long to finish what it holds. */
const APP_STOP_MS = 7_000;

export type SayAs = (name: ProcessName | "devstack") => Say;

export type StackOptions = {
  readonly config: DevstackConfig;
  readonly layout: Layout;
  readonly say: SayAs;
  /** Shows what the apps log; it is in their files otherwise. */
  readonly showsLogs: boolean;
  /** Starts an app again when its sources change. */
  readonly watchesSources: boolean;
};

type Started = {
  readonly settings: DevEnv;
  /** Resolves when every app has been ready. */
  readonly appsReady: Promise<unknown>;
};

/** The services and the apps of one `.spillway` folder, kept alive by this process. */
export type Stack = {
  /** Resolves when every service is ready and the apps are launched. Throws what kept a service from it. */
  start(): Promise<Started>;
  /** Apps first, then the services; leaves no process and no file that speaks of one. */
  stop(): Promise<void>;
};

/** SIGTERM would make Postgres wait for every client to leave. */
const stopSignalOf = (name: ProcessName) => (name === "postgres" ? "SIGINT" : "SIGTERM");

const settingsOf = (services: Addresses, ports: Ports, secrets: Secrets, topic: string): DevEnv => {
  const at = (name: ProcessName) => `http://127.0.0.1:${ports[name]}`;
  return {
    EDGE_URL: at("edge"),
    DASHBOARD_URL: at("dashboard"),
    RELAY_URL: at("relay"),
    API_KEY: secrets.apiKey,
    DASHBOARD_PASSWORD: secrets.dashboardPassword,
    ...services,
    KAFKA_TOPIC: topic,
  };
};

type Ground = { readonly layout: Layout; readonly keeper: Keeper; readonly recorder: Recorder };

/** What a devstack that was killed left running would hold the ports and the data folders. */
const endLeftovers = async (layout: Layout, say: SayAs): Promise<void> => {
  const record = await readStackRecord(layout.record);
  for (const name of PROCESS_NAMES) {
    const left = record?.processes[name];
    if (left && (await endProcess(left, stopSignalOf(name))))
      say(name)(`ended pid ${left.pid}, left over from an earlier run`);
  }
  await Promise.all([layout.record, layout.devEnv].map((file) => rm(file, { force: true })));
};

/** Resolves when it has been ready. */
const startApp = async (name: AppName, env: Readonly<Record<string, string>>, ground: Ground): Promise<void> => {
  const { layout, keeper, recorder } = ground;
  const app = await createApp({
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
  await keeper.keep(app);
};

export const createStack = ({ config, layout, say, showsLogs, watchesSources }: StackOptions): Stack => {
  const recorder = createRecorder(layout, say("devstack"));
  const keeper = createKeeper(say, showsLogs ? APP_NAMES : []);
  const ground = { layout, keeper, recorder };
  let endWatch: () => void = () => undefined;
  let stopped: Promise<void> | undefined;

  const start = async (): Promise<Started> => {
    await endLeftovers(layout, say);
    for (const name of PROCESS_NAMES) await rotateLog(layout.log(name));
    const [ports, secrets] = [await choosePorts(layout.ports), await openSecrets(layout.secrets)];
    const told = { say, onSpawn: recorder.spawned, onRunning: (service: Running) => void keeper.keep(service) };
    const services = await startServices({ config, layout, secrets, ports, ...told });
    const settings = settingsOf(services, ports, secrets, config.kafkaTopic);
    recorder.ready(settings);
    const environments = appEnvironments(settings, secrets, config.kafkaCompression);
    if (watchesSources)
      endWatch = await watchSources(REPO_ROOT, {
        onChange: keeper.reload,
        onFault: (fault) => say("devstack")(`the apps run on as they were: ${fault}`),
      });
    return { settings, appsReady: Promise.all(APP_NAMES.map((name) => startApp(name, environments[name], ground))) };
  };

  const stop = async (): Promise<void> => {
    endWatch();
    recorder.stopping();
    await keeper.end([APP_NAMES, ...SERVICE_NAMES.map((name) => [name])]);
    // One that was still starting is known by its pid alone.
    const processes = await recorder.processes();
    for (const name of PROCESS_NAMES) {
      const left = processes[name];
      if (left) await endProcess(left, stopSignalOf(name));
    }
    await rm(layout.record, { force: true });
  };

  return {
    start,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
};
