import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bunBinary } from "./bun-binary.ts";
import { freePort } from "./port.ts";
import { createService, type Running, started } from "./service.ts";

const ASK_MS = 1_000;
const READY_DEADLINE_MS = 20_000;
const STOP_DEADLINE_MS = 10_000;

export type AppOptions = {
  readonly name: string;
  /** Absolute path of the TypeScript file that Bun runs. */
  readonly entry: string;
  /** On top of this process's own environment; HOST and PORT are set too. */
  readonly env?: Readonly<Record<string, string>>;
  readonly port?: number;
  readonly logFile?: string;
  /** Path that answers 2xx when the app does its work; ignored when `isReady` is given. */
  readonly healthPath?: string;
  readonly isReady?: (url: string) => Promise<boolean>;
  readonly stopDeadlineMs?: number;
  readonly launchesMax?: number;
  readonly onSpawn?: (pid: number) => void;
};

/** An HTTP app under Bun on loopback, not launched yet: `restart` does that and waits for its health route. */
export const createApp = async (options: AppOptions): Promise<Running> => {
  const port = options.port || (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const folder = options.logFile ? undefined : await mkdtemp(join(tmpdir(), `spillway-${options.name}-`));
  const logFile = options.logFile ?? join(folder ?? "", `${options.name}.log`);
  const healthUrl = `${url}${options.healthPath ?? "/livez"}`;
  const isHealthy = async () => (await fetch(healthUrl, { signal: AbortSignal.timeout(ASK_MS) })).ok;
  return createService({
    name: options.name,
    url,
    port,
    logFile,
    stopDeadlineMs: options.stopDeadlineMs ?? STOP_DEADLINE_MS,
    readyDeadlineMs: READY_DEADLINE_MS,
    launchesMax: options.launchesMax,
    prepare: async () => ({
      command: bunBinary(),
      args: [options.entry],
      env: { ...options.env, HOST: "127.0.0.1", PORT: String(port) },
      stopSignal: "SIGTERM",
      output: logFile,
    }),
    ready: () => options.isReady?.(url) ?? isHealthy(),
    cleanUp: async () => void (folder && (await rm(folder, { recursive: true, force: true }))),
    onSpawn: options.onSpawn,
  });
};

/** The same, launched. Throws with its log when it never answers. */
export const startApp = async (options: AppOptions): Promise<Running> => started(await createApp(options));
