import { dirname } from "node:path";
import { bunBinary } from "./bun-binary.ts";
import { openPlace } from "./place.ts";
import { createService, type Running, type ServiceOptions, type ServiceSpec, started } from "./service.ts";

const ASK_MS = 1_000;
const READY_DEADLINE_MS = 20_000;
const STOP_DEADLINE_MS = 10_000;

type AppOptions = Pick<ServiceOptions, "port" | "logFile" | "onSpawn"> &
  Partial<Pick<ServiceSpec, "stopDeadlineMs" | "launchesMax">> & {
    readonly name: string;
    /** Absolute path of the TypeScript file that Bun runs. */
    readonly entry: string;
    /** On top of this process's own environment; HOST and PORT are set too. */
    readonly env?: Readonly<Record<string, string>>;
    /** Whether it does its work; that /livez answers 2xx when not told. */
    readonly isReady?: (url: string) => Promise<boolean>;
  };

const isLive = async (url: string) => (await fetch(`${url}/livez`, { signal: AbortSignal.timeout(ASK_MS) })).ok;

/** An HTTP app under Bun on loopback, not launched yet: `restart` does that and waits until it is ready. */
export const createApp = async (options: AppOptions): Promise<Running> => {
  const { name, entry, isReady = isLive, stopDeadlineMs = STOP_DEADLINE_MS, launchesMax } = options;
  const place = await openPlace(name, { ...options, dataDir: options.logFile && dirname(options.logFile) });
  const url = `http://127.0.0.1:${place.port}`;
  const env = { ...options.env, HOST: "127.0.0.1", PORT: String(place.port) };
  return createService({
    ...place,
    // It works where this process does.
    cwd: undefined,
    url,
    stopDeadlineMs,
    readyDeadlineMs: READY_DEADLINE_MS,
    launchesMax,
    prepare: async () => ({ command: bunBinary(), args: [entry], env }),
    ready: () => isReady(url),
  });
};

/** The same, launched. Throws with its log when it never answers. */
export const startApp = async (options: AppOptions): Promise<Running> => started(await createApp(options));
