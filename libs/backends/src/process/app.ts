import { dirname } from "node:path";
import { bunBinary } from "./bun-binary.ts";
import { openPlace } from "./place.ts";
import { createService, type Running, type ServiceOptions, type ServiceSpec, started } from "./service.ts";

const ASK_MS = 1_000;
/** Node and Deno read some 1,000 files first, which takes 10 s where others use the disk. */
const READY_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 10_000;

export type AppCommand = { readonly command: string; readonly args: readonly string[] };

type AppOptions = Pick<ServiceOptions, "port" | "logFile" | "onSpawn"> &
  Partial<Pick<ServiceSpec, "stopDeadlineMs" | "launchesMax">> & {
    readonly name: string;
    /** Absolute path of the TypeScript file that Bun runs, or what runs in its place, on the port that it is given. */
    readonly entry: string | ((port: number) => AppCommand);
    /** On top of this process's own environment; HOST and PORT are set too. */
    readonly env?: Readonly<Record<string, string>>;
    /** Whether it does its work; that /livez answers 2xx when not told. */
    readonly isReady?: (url: string) => Promise<boolean>;
  };

const isLive = async (url: string) => (await fetch(`${url}/livez`, { signal: AbortSignal.timeout(ASK_MS) })).ok;

const commandOf = (entry: AppOptions["entry"], port: number): AppCommand =>
  typeof entry === "string" ? { command: bunBinary(), args: [entry] } : entry(port);

/** An HTTP app on loopback, not launched yet: `restart` does that and waits until it is ready. */
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
    prepare: async () => ({ ...commandOf(entry, place.port), env }),
    ready: () => isReady(url),
  });
};

/** The same, launched. Throws with its log when it never answers. */
export const startApp = async (options: AppOptions): Promise<Running> => started(await createApp(options));
