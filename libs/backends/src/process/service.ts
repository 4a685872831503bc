import { readFile, stat } from "node:fs/promises";
import { late, systemClock, within } from "@spillway/event";
import type { WriteCache } from "../disk/write-cache.ts";
import { eventually } from "../eventually.ts";
import type { Say } from "../provision/say.ts";
import { type Child, type Exit, spawnChild } from "./child.ts";
import type { Command } from "./reaper.ts";

const LAUNCHES_MAX = 10;
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 400;
const READY_POLL_MS = 25;
const LOG_TAIL_CHARS = 2_000;

/** A process of the stack: the same port and data before and after every kill and restart. */
export type Running = {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  /** Where its stdout and stderr go. */
  readonly logFile: string;
  /** The current process, or undefined while there is none. */
  pid(): number | undefined;
  /** Resolves when the current process is gone; at once when there is none. */
  exited(): Promise<Exit>;
  /** Sends a signal (SIGKILL unless told) and waits for the end, except for SIGSTOP and SIGCONT. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again and resolves when it is ready; a live one is stopped first. */
  restart(): Promise<void>;
  /** Asks it to end, kills it after its deadline, and removes the data folder if one was made for it. */
  stop(): Promise<void>;
};

/** What a backend can be told. */
export type ServiceOptions = {
  /** Kept; a temporary one that goes with the service when not told. */
  readonly dataDir?: string;
  readonly port?: number;
  readonly logFile?: string;
  /** Settings of the backend itself on top of those given here: { maxmemory: "64mb" }. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Put under its log, for a loss of power. Redis and Postgres. */
  readonly writeCache?: WriteCache;
  readonly say?: Say;
  readonly onSpawn?: (pid: number) => void;
};

export type ServiceSpec = Pick<Running, "name" | "url" | "port" | "logFile"> & {
  /** Where it works. */
  readonly cwd?: string;
  /** SIGTERM when not told. */
  readonly stopSignal?: NodeJS.Signals;
  readonly stopDeadlineMs: number;
  readonly readyDeadlineMs: number;
  /** How often a start launches it until it is ready; 10 when not told. */
  readonly launchesMax?: number;
  /** Makes the data folder fit to start on and says what to run. Called before every launch. */
  prepare(): Promise<Command>;
  /** One bounded question to the service itself: does it do its work now? A rejection means no. */
  ready(): Promise<boolean>;
  /** Looks at the log of a process that ended before it was ready and may mend the data. */
  repair?(log: string): Promise<void>;
  readonly cleanUp: () => Promise<void>;
  readonly onSpawn?: (pid: number) => void;
};

/** A service that was launched and never did its work; the message ends with its own last words. */
export class NotReady extends Error {
  override readonly name = "NotReady";

  readonly log: string;

  constructor({ name, logFile }: Pick<ServiceSpec, "name" | "logFile">, log: string) {
    super(`${name} did not become ready; the end of ${logFile}:\n${log}`);
    this.log = log;
  }
}

const sizeOf = async (file: string) => (await stat(file).catch(() => undefined))?.size ?? 0;

/** The end of what was logged after the first `from` bytes: an older process's last words explain nothing. */
const logSince = async (file: string, from: number): Promise<string> => {
  const bytes = await readFile(file).catch(() => Buffer.from(""));
  return bytes.subarray(from).toString().slice(-LOG_TAIL_CHARS) || "(nothing was logged)";
};

const isReadyBy = (deadline: number, spec: ServiceSpec, child: Child): Promise<boolean> => {
  const isDecided = async () => !child.isAlive() || (await spec.ready());
  return eventually("a decision", isDecided, deadline - Date.now(), READY_POLL_MS).then(child.isAlive, () => false);
};

const end = async (child: Child, signal: NodeJS.Signals, deadlineMs: number): Promise<void> => {
  // A process under SIGSTOP keeps every signal but SIGKILL pending until it is continued.
  child.signal("SIGCONT");
  child.signal(signal);
  if ((await within(systemClock, deadlineMs, child.exited)) === late) child.signal("SIGKILL");
  await child.exited;
};

type State = { child?: Child; stopped: boolean; launching: Promise<void> };

// An attempt may fail because its predecessor has not let go yet: Postgres refuses to start while a backend of the
// killed postmaster is still attached to the shared memory, and a port may be held for some milliseconds.
const launchUntilReady = async (spec: ServiceSpec, state: State): Promise<void> => {
  const { cwd, logFile, stopSignal = "SIGTERM" } = spec;
  const deadline = Date.now() + spec.readyDeadlineMs;
  for (let attempt = 1; !state.stopped; attempt++) {
    const command = await spec.prepare();
    const logStart = await sizeOf(logFile);
    const child = await spawnChild({ ...command, cwd, stopSignal, output: logFile });
    state.child = child;
    if (state.stopped) return end(child, "SIGKILL", 0);
    spec.onSpawn?.(child.pid);
    if ((await isReadyBy(deadline, spec, child)) || state.stopped) return;
    const log = await logSince(logFile, logStart);
    if (attempt === (spec.launchesMax ?? LAUNCHES_MAX) || Date.now() >= deadline) {
      await end(child, "SIGKILL", 0);
      throw new NotReady(spec, log);
    }
    await spec.repair?.(log);
    await systemClock.sleep(Math.min(RETRY_FIRST_MS * 2 ** attempt, RETRY_MAX_MS));
  }
};

/** What `spec` describes, not launched yet: `restart` does that. */
export const createService = (spec: ServiceSpec): Running => {
  const { name, url, port, logFile, stopSignal = "SIGTERM" } = spec;
  const state: State = { stopped: false, launching: Promise.resolve() };
  const endCurrent = async () => {
    if (state.child?.isAlive()) await end(state.child, stopSignal, spec.stopDeadlineMs);
  };
  return {
    name,
    url,
    port,
    logFile,
    pid: () => (state.child?.isAlive() ? state.child.pid : undefined),
    exited: () => state.child?.exited ?? Promise.resolve({ code: null, signal: null }),
    kill: async (signal = "SIGKILL") => {
      state.child?.signal(signal);
      if (signal !== "SIGSTOP" && signal !== "SIGCONT") await state.child?.exited;
    },
    restart: async () => {
      await endCurrent();
      state.launching = launchUntilReady(spec, state);
      await state.launching;
    },
    stop: async () => {
      state.stopped = true;
      await endCurrent();
      // A launch that was under way sees `stopped` and ends its own child.
      await Promise.allSettled([state.launching]);
      await endCurrent();
      await spec.cleanUp();
    },
  };
};

/** Launches it and waits until it is ready. Throws with the end of its log when it never is. */
export const started = async (service: Running): Promise<Running> => {
  try {
    await service.restart();
  } catch (error) {
    await service.stop();
    throw error;
  }
  return service;
};

export const startService = (spec: ServiceSpec): Promise<Running> => started(createService(spec));

/** Several at once: all of them, or none and the first failure. */
export const startAll = async (starts: readonly Promise<Running>[]): Promise<Running[]> => {
  const settled = await Promise.allSettled(starts);
  const nodes = settled.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
  const failed = settled.find((start) => start.status === "rejected");
  if (!failed) return nodes;
  await stopAll(nodes);
  throw failed.reason;
};

export const stopAll = async (nodes: readonly Running[]): Promise<void> => {
  await Promise.all(nodes.map((node) => node.stop()));
};
