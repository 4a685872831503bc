import { readFile, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type Child, type Exit, type Launch, spawnChild } from "./child.ts";

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
  /** Asks it to end, kills it after its deadline, and removes the data folder if the start made one. */
  stop(): Promise<void>;
};

export type ServiceSpec = {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  readonly logFile: string;
  readonly stopDeadlineMs: number;
  readonly readyDeadlineMs: number;
  /** Makes the data folder fit to start on and says what to run. Called before every launch. */
  prepare(): Promise<Launch>;
  /** One bounded question to the service itself: does it do its work now? A rejection means no. */
  ready(): Promise<boolean>;
  /** Looks at the log of a process that ended before it was ready and may mend the data. */
  repair?(log: string): Promise<void>;
  readonly cleanUp?: () => Promise<void>;
  readonly onSpawn?: (pid: number) => void;
};

/** A service that was launched and never did its work; the message ends with its own last words. */
export class NotReady extends Error {
  override readonly name = "NotReady";
}

const sizeOf = (file: string) =>
  stat(file).then(
    (found) => found.size,
    () => 0,
  );

/** The end of what was logged after the first `from` bytes: an older process's last words explain nothing. */
const logSince = async (file: string, from: number): Promise<string> => {
  const bytes = await readFile(file).catch(() => Buffer.from(""));
  return bytes.subarray(from).toString().slice(-LOG_TAIL_CHARS) || "(nothing was logged)";
};

const waitReady = async (spec: ServiceSpec, child: Child, deadline: number): Promise<boolean> => {
  while (child.isAlive() && Date.now() < deadline) {
    if (await spec.ready().catch(() => false)) return child.isAlive();
    await sleep(READY_POLL_MS);
  }
  return false;
};

const endWithin = async (child: Child, signal: NodeJS.Signals, deadlineMs: number): Promise<void> => {
  // A process under SIGSTOP keeps every signal but SIGKILL pending until it is continued.
  child.signal("SIGCONT");
  child.signal(signal);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), deadlineMs);
  });
  if ((await Promise.race([child.exited, late])) === "late") child.signal("SIGKILL");
  clearTimeout(timer);
  await child.exited;
};

type State = {
  child?: Child;
  stopSignal: NodeJS.Signals;
  stopped: boolean;
  launching: Promise<void>;
};

// An attempt may fail because its predecessor has not let go yet: Postgres refuses to start while a backend of the
// killed postmaster is still attached to the shared memory, and a port may be held for some milliseconds.
const launchUntilReady = async (spec: ServiceSpec, state: State): Promise<void> => {
  const deadline = Date.now() + spec.readyDeadlineMs;
  for (let attempt = 1; !state.stopped; attempt++) {
    const what = await spec.prepare();
    state.stopSignal = what.stopSignal;
    const logStart = await sizeOf(spec.logFile);
    const child = await spawnChild(what);
    state.child = child;
    if (state.stopped) return endWithin(child, "SIGKILL", 0);
    spec.onSpawn?.(child.pid);
    if ((await waitReady(spec, child, deadline)) || state.stopped) return;
    const log = await logSince(spec.logFile, logStart);
    if (attempt === LAUNCHES_MAX || Date.now() >= deadline) {
      await endWithin(child, "SIGKILL", 0);
      throw new NotReady(`${spec.name} did not become ready; the end of ${spec.logFile}:\n${log}`);
    }
    await spec.repair?.(log);
    await sleep(Math.min(RETRY_FIRST_MS * 2 ** attempt, RETRY_MAX_MS));
  }
};

const launch = (spec: ServiceSpec, state: State): Promise<void> => {
  state.launching = launchUntilReady(spec, state);
  return state.launching;
};

const runningOf = (spec: ServiceSpec, state: State): Running => {
  const end = async () => {
    if (state.child?.isAlive()) await endWithin(state.child, state.stopSignal, spec.stopDeadlineMs);
  };
  return {
    name: spec.name,
    url: spec.url,
    port: spec.port,
    logFile: spec.logFile,
    pid: () => (state.child?.isAlive() ? state.child.pid : undefined),
    exited: () => state.child?.exited ?? Promise.resolve({ code: null, signal: null }),
    kill: async (signal = "SIGKILL") => {
      state.child?.signal(signal);
      if (signal !== "SIGSTOP" && signal !== "SIGCONT") await state.child?.exited;
    },
    restart: async () => {
      await end();
      await launch(spec, state);
    },
    stop: async () => {
      state.stopped = true;
      await end();
      // A launch that was under way sees `stopped` and ends its own child.
      await Promise.allSettled([state.launching]);
      await end();
      await spec.cleanUp?.();
    },
  };
};

/** Launches what `spec` describes and waits until it is ready. Throws with the end of its log when it never is. */
export const startService = async (spec: ServiceSpec): Promise<Running> => {
  const state: State = { stopSignal: "SIGTERM", stopped: false, launching: Promise.resolve() };
  const running = runningOf(spec, state);
  try {
    await launch(spec, state);
  } catch (error) {
    await running.stop();
    throw error;
  }
  return running;
};
