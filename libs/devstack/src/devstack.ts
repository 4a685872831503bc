import { rm } from "node:fs/promises";
import type { Running, Say } from "@spillway/backends";
import { appEnvironments } from "./apps.ts";
import type { DevstackConfig } from "./config.ts";
import { APP_NAMES, type DevEnv, PROCESS_NAMES, type ProcessName, renderDevEnv, SERVICE_NAMES } from "./dev-env.ts";
import { replaceFile } from "./file.ts";
import { type Layout, layoutOf, makeLayout, rotateLog } from "./layout.ts";
import type { Lock } from "./lock.ts";
import { endLeftover, readPidRecord, recordOf, waitForEnd, writePidRecord } from "./pid-record.ts";
import { choosePorts, type Ports } from "./ports.ts";
import { openSecrets, type Secrets } from "./secrets.ts";
import { type StackServices, startServices } from "./stack-services.ts";
import { writeStackState } from "./stack-state.ts";
import { supervise } from "./supervisor.ts";

/** A script that waits for dev.env finds every pid in it, unless an app takes longer than this to start. */
const ALL_PIDS_MS = 30_000;
const APP_POLL_MS = 100;
/** Longer than an app is given to finish what it has in hand. */
const APPS_END_MS = 9_000;

export type SayAs = (name: ProcessName | "devstack") => Say;

/** SIGTERM would make Postgres wait for every client to leave. */
const stopSignalOf = (name: ProcessName) => (name === "postgres" ? "SIGINT" : "SIGTERM");

const settingsOf = (services: StackServices, ports: Ports, secrets: Secrets, topic: string): DevEnv => {
  const at = (name: ProcessName) => `http://127.0.0.1:${ports[name]}`;
  return {
    EDGE_URL: at("edge"),
    DASHBOARD_URL: at("dashboard"),
    RELAY_URL: at("relay"),
    API_KEY: secrets.apiKey,
    DASHBOARD_PASSWORD: secrets.dashboardPassword,
    REDIS_URL: services.redisUrl,
    UPSTASH_REDIS_REST_URL: services.redisRestUrl,
    UPSTASH_REDIS_REST_TOKEN: services.redisRestToken,
    DATABASE_URL: services.databaseUrl,
    KAFKA_BROKERS: services.kafkaBrokers,
    KAFKA_TOPIC: topic,
  };
};

/** The services of one `.spillway` folder, kept alive, and the files that tell others about them. */
export class Devstack {
  readonly #config: DevstackConfig;
  readonly #layout: Layout;
  readonly #lock: Lock;
  readonly #say: SayAs;
  readonly #running = new Map<string, Running>();
  readonly #pids: Partial<Record<ProcessName, number>> = {};
  #settings: DevEnv | undefined;
  #readyAt = 0;
  #writes: Promise<void> = Promise.resolve();
  #endSupervision: (() => void)[] = [];
  #stopping: Promise<void> | undefined;

  constructor(config: DevstackConfig, lock: Lock, say: SayAs) {
    this.#config = config;
    this.#layout = layoutOf(config.root);
    this.#lock = lock;
    this.#say = say;
  }

  /** Resolves when every service is ready and the apps may start. Throws what kept one from starting. */
  async start(): Promise<DevEnv> {
    const layout = this.#layout;
    await makeLayout(layout);
    await this.#endLeftovers();
    for (const name of SERVICE_NAMES) await rotateLog(layout, name);
    const [ports, secrets] = [await choosePorts(layout.ports), await openSecrets(layout.secrets)];
    const services = await startServices({
      config: this.#config,
      layout,
      secrets,
      ports,
      say: this.#say,
      onSpawn: (name, pid) => this.#onSpawn(name, pid),
      onRunning: (running) => this.#supervise(running),
    });
    const settings = settingsOf(services, ports, secrets, this.#config.kafkaTopic);
    this.#settings = settings;
    this.#readyAt = Date.now();
    const environments = appEnvironments(settings, secrets, this.#config.kafkaCompression);
    const devstack = await recordOf(process.pid);
    await writeStackState(layout.stackState, { devstack, settings, appEnvironments: environments });
    this.#pollAppPids();
    return settings;
  }

  /** Waits for the apps, stops the services in order, leaves no process and no file that speaks of one. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  /** What a devstack that was killed left running would hold the ports and the data folders. */
  async #endLeftovers(): Promise<void> {
    await Promise.all([this.#layout.stackState, this.#layout.devEnv].map((file) => rm(file, { force: true })));
    for (const name of PROCESS_NAMES) {
      const pid = await endLeftover(this.#layout.pid(name), stopSignalOf(name));
      if (pid !== undefined) this.#say(name)(`ended pid ${pid}, left over from an earlier run`);
    }
  }

  #onSpawn(name: ProcessName, pid: number): void {
    this.#pids[name] = pid;
    this.#write(() => writePidRecord(this.#layout.pid(name), pid));
    this.#writeDevEnv();
  }

  #supervise(running: Running): void {
    // It became ready while everything else was being stopped.
    if (this.#stopping) return void running.stop();
    this.#running.set(running.name, running);
    const say = this.#say(running.name as ProcessName);
    this.#endSupervision.push(supervise(running, say));
  }

  /** One write after the other, so that the last one said is the last one written. */
  #write(write: () => Promise<void>): void {
    this.#writes = this.#writes.then(write).catch((error) => {
      this.#say("devstack")(`cannot write under ${this.#layout.root}: ${(error as Error).message}`);
    });
  }

  #writeDevEnv(): void {
    const settings = this.#settings;
    const isComplete = APP_NAMES.every((name) => this.#pids[name] !== undefined);
    if (!settings || this.#stopping || (!isComplete && Date.now() - this.#readyAt < ALL_PIDS_MS)) return;
    const text = renderDevEnv(settings, this.#pids);
    this.#write(() => replaceFile(this.#layout.devEnv, text));
  }

  /** The apps run under tasks of their own, which leave the pid of each in a file. */
  #pollAppPids(): void {
    let lateWriteIsDue = true;
    const timer = setInterval(async () => {
      for (const name of APP_NAMES) {
        const record = await readPidRecord(this.#layout.pid(name));
        if (!record || record.pid === this.#pids[name]) continue;
        this.#pids[name] = record.pid;
        this.#writeDevEnv();
      }
      if (!lateWriteIsDue || Date.now() - this.#readyAt < ALL_PIDS_MS) return;
      lateWriteIsDue = false;
      this.#writeDevEnv();
    }, APP_POLL_MS);
    this.#endSupervision.push(() => clearInterval(timer));
  }

  async #stopAll(): Promise<void> {
    const layout = this.#layout;
    for (const end of this.#endSupervision) end();
    await this.#writes;
    // The app tasks read this and end; most of them got the signal that this process got.
    await rm(layout.stackState, { force: true });
    await Promise.all(APP_NAMES.map((name) => this.#waitForApp(name)));
    for (const name of SERVICE_NAMES) {
      await this.#running.get(name)?.stop();
      // One that was still starting is known by its pid alone.
      await endLeftover(layout.pid(name), stopSignalOf(name));
    }
    await rm(layout.devEnv, { force: true });
    await this.#lock.release();
  }

  async #waitForApp(name: (typeof APP_NAMES)[number]): Promise<void> {
    const task = await readPidRecord(this.#layout.lock(name));
    if (task) await waitForEnd(task, APPS_END_MS);
    await endLeftover(this.#layout.pid(name), "SIGTERM");
  }
}
