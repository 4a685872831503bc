import { late, systemClock, within } from "@spillway/event";
import { createLog, type Level, type Log } from "@spillway/telemetry";
import { type Crash, crashOf } from "./crash.ts";
import type { Listen, ServeOptions, Server } from "./listen.ts";
import { ConfigError, type Shown } from "./settings.ts";

/** What every app has around its work as a process, under Bun, Node or Deno: they differ in how they listen. */
export type Shell<Config> = {
  readonly config: Config;
  readonly log: Log;
  /** Aborts at the first SIGTERM or SIGINT. */
  readonly stopping: AbortSignal;
  /** Aborts at a SIGINT, or at a second SIGTERM more than half a second later: somebody waits for the end. */
  readonly hurrying: AbortSignal;
  /** Listens, or ends the process with a sentence. */
  serve(options: ServeOptions): Promise<Server>;
  /** Ends the process, 1, with a sentence for the operator. */
  refuse(sentence: string): never;
  /** Resolves when the process shall stop. */
  untilStopping(): Promise<void>;
  /** Closes, for so long at most, and ends the process, 0: sockets that are open by then are closed by the end of it. */
  end(close: () => Promise<unknown>, closeMs?: number): Promise<never>;
};

type ShellConfig = { readonly LOG_LEVEL: Level; readonly HOST: string; readonly PORT: number; readonly shown: Shown };

const CLOSE_MS = 1_000;
/** Ctrl-C reaches a process twice, from the terminal and from npm; later than this a person means it. */
const IMPATIENT_MS = 500;

/** Whoever reads the log may go away; the work goes on. */
export const guardOutput = (): void => {
  for (const output of [process.stdout, process.stderr]) output.on("error", () => undefined);
};

export const refuse = (sentence: string): never => {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
};

/** The configuration, or the end of the process with a sentence for each setting that is wrong. */
export const configOrExit = <Config>(readConfig: () => Config): Config => {
  try {
    return readConfig();
  } catch (error) {
    if (error instanceof ConfigError) return refuse(error.message);
    throw error;
  }
};

/** A bug ends the process, since nobody knows what state it left. */
export const guardCrashes = (tell: (crash: Crash) => void): void => {
  const end = (thrown: unknown): never => {
    tell(crashOf(thrown));
    process.exit(1);
  };
  process.on("uncaughtException", end);
  process.on("unhandledRejection", end);
};

/**
 * `stopping` aborts at the first SIGTERM or SIGINT. `hurrying`, at a SIGINT, which a person sends, and at a SIGTERM that
 * comes clearly after another: no wait for anybody else. A SIGINT that comes clearly later ends the process at once, 1.
 */
export const watchSignals = (tell: (signal: string) => void) => {
  const stopping = new AbortController();
  const hurrying = new AbortController();
  let firstAtMs = 0;
  const onSignal = (signal: string): void => {
    const isFirst = !stopping.signal.aborted;
    const isImpatient = !isFirst && performance.now() - firstAtMs > IMPATIENT_MS;
    if (isFirst) {
      firstAtMs = performance.now();
      tell(signal);
      stopping.abort();
    }
    if (isImpatient && signal === "SIGINT") process.exit(1);
    if (isImpatient || signal === "SIGINT") hurrying.abort();
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => onSignal(signal));
  return { stopping: stopping.signal, hurrying: hurrying.signal };
};

/** Reads the configuration and begins the log with it; from then on signals, crashes and closed pipes are taken care of. */
export type OpenShell = <Config extends ShellConfig>(name: string, readConfig: () => Config) => Shell<Config>;

export const shellOn =
  (listen: Listen): OpenShell =>
  (name, readConfig) => {
    const write = (line: string): void => void process.stdout.write(line);
    let log = createLog(name, "info", write);
    guardOutput();
    guardCrashes((crash) => log("error", "crashed", crash));
    const config = configOrExit(readConfig);
    log = createLog(name, config.LOG_LEVEL, write);
    log("info", "config", config.shown);
    const { stopping, hurrying } = watchSignals((signal) => log("info", "stopping", { signal }));
    return {
      config,
      log,
      stopping,
      hurrying,
      refuse,
      async serve(options) {
        try {
          const server = await listen(config.HOST, config.PORT, options);
          log("info", "listening", { url: server.url });
          return server;
        } catch (error) {
          return refuse(error instanceof Error ? error.message : name);
        }
      },
      untilStopping: () =>
        new Promise((resolve) => {
          if (stopping.aborted) resolve();
          stopping.addEventListener("abort", () => resolve());
        }),
      async end(close, closeMs = CLOSE_MS) {
        const orderly = (await within(systemClock, closeMs, close())) !== late;
        log(orderly ? "info" : "warn", "stopped", { orderly });
        process.exit(0);
      },
    };
  };
