import { isIP } from "node:net";
import { late, systemClock, within } from "@spillway/event";
import { createLog, type Level, type Log } from "@spillway/telemetry";
import { isLoopback } from "./address.ts";
import { addressed } from "./addressed.ts";
import { answerText } from "./answer.ts";
import { type Crash, crashOf } from "./crash.ts";
import { isHost } from "./host.ts";
import { ConfigError, type Shown } from "./settings.ts";

/** What every app has around its work on Bun. */
export type Shell<Config> = {
  readonly config: Config;
  readonly log: Log;
  /** Aborts at the first SIGTERM or SIGINT. */
  readonly stopping: AbortSignal;
  /** Aborts at a SIGINT, or at a second SIGTERM more than half a second later: somebody waits for the end. */
  readonly hurrying: AbortSignal;
  /** Listens, or ends the process with a sentence. */
  serve(options: ServeOptions): Server;
  /** Ends the process, 1, with a sentence for the operator. */
  refuse(sentence: string): never;
  /** Resolves when the process shall stop. */
  untilStopping(): Promise<void>;
  /** Closes, for so long at most, and ends the process, 0: sockets that are open by then are closed by the end of it. */
  end(close: () => Promise<unknown>, closeMs?: number): Promise<never>;
};

type ShellConfig = { readonly LOG_LEVEL: Level; readonly HOST: string; readonly PORT: number; readonly shown: Shown };

export type ServeOptions = {
  /** `addressOf` tells the address of the client, as far as its socket does. */
  readonly fetch: (request: Request, addressOf: () => string | undefined) => Response | Promise<Response>;
  /**
   * POSTs to exactly these paths, which the server finds by itself; whatever it does not find goes to `fetch`, which must answer
   * the same. No router and no URL: 1.3 of 22 µs a request. What is served so looks at the `Host` itself.
   */
  readonly posts?: Readonly<Record<string, (request: Request) => Response | Promise<Response>>>;
  /** Larger bodies are refused by Bun in its own words. */
  readonly bodyBytesMax?: number;
  readonly idleSeconds?: number;
  /** `fetch` gets requests with a wrong `Host`, too, and refuses them in its own words. */
  readonly refusesHosts?: boolean;
  /** Called with what `fetch` threw; the answer is 500. */
  readonly onError?: (error: Error) => Response;
};

export type Server = { readonly url: string; readonly port: number; stop(): Promise<void> };

const CLOSE_MS = 1_000;
/** Ctrl-C reaches a process twice, from the terminal and from npm; later than this a person means it. */
const IMPATIENT_MS = 500;
const BODY_BYTES_MAX = 1024 * 1024;

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

const listenFailures: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process listens there",
  EADDRNOTAVAIL: "no interface of this machine has that address",
  EACCES: "this user may not listen on that port",
  EINVAL: "that is no address of this machine",
};

/** Of a name without an address Bun 1.4.5 says what another socket said last: EINPROGRESS mostly, or EADDRINUSE. */
const whyNot = (host: string, code: string): string => {
  const said = listenFailures[code] ?? code;
  if (isIP(host.replace(/^\[|\]$/g, "")) > 0 || isLoopback(host)) return said;
  return code in listenFailures ? `that name has no address, or ${said}` : "that name has no address";
};

/** Listens. Throws an Error whose message is a sentence for the operator. */
export const listen = (host: string, port: number, options: ServeOptions): Server => {
  try {
    const server = Bun.serve({
      hostname: host,
      port,
      development: false,
      // Bun shares the port by default outside of development: a second process by mistake would take half of the requests.
      reusePort: false,
      maxRequestBodySize: options.bodyBytesMax ?? BODY_BYTES_MAX,
      ...(options.idleSeconds === undefined ? {} : { idleTimeout: options.idleSeconds }),
      routes: Object.fromEntries(Object.entries(options.posts ?? {}).map(([path, POST]) => [path, { POST }])),
      fetch: (request, server) =>
        options.refusesHosts || isHost(request.headers.get("host"))
          ? options.fetch(addressed(request), () => server.requestIP(request)?.address)
          : answerText(400, "there must be one Host header, and it must be a host and maybe a port"),
      error: (error) => options.onError?.(error) ?? new Response(null, { status: 500 }),
    });
    return { url: server.url.href, port: server.port ?? port, stop: () => server.stop() };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new Error(`HOST and PORT: cannot listen on ${host}:${port}: ${whyNot(host, code)}`);
  }
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
export const openShell = <Config extends ShellConfig>(name: string, readConfig: () => Config): Shell<Config> => {
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
    serve(options) {
      try {
        const server = listen(config.HOST, config.PORT, options);
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
