import { spawn } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { childEnvironment, registerForReaping, searchPath, unregisterFromReaping } from "@spillway/backends";
import { REPO_ROOT } from "../config.ts";

export type Turbo = {
  readonly exited: Promise<number | null>;
  /** Asks it to end its tasks; they have their own deadlines. */
  stop(): Promise<void>;
};

const LAST_LINES_MAX = 40;
/** What the supervisors themselves say; the apps' own log lines stay in the log file. */
const SAID = /^@spillway\/[\w-]+:dev: (\[[\w-]+\] .*)$/;

export type TurboOptions = {
  readonly logFile: string;
  /** One line of a supervisor: "[redis] died (SIGKILL), starting it again". */
  readonly onSaid: (line: string) => void;
  /** The last lines of everything, when it ended by itself. */
  readonly onFailed: (lines: readonly string[]) => void;
};

/** Runs `turbo dev` with its output in a file. A session of its own: Ctrl-C is passed on as one SIGTERM, once. */
export const startTurbo = (options: TurboOptions): Turbo => {
  const log = openSync(options.logFile, "a", 0o600);
  const bin = join(REPO_ROOT, "node_modules", ".bin");
  const child = spawn(join(bin, "turbo"), ["run", "dev", "--ui=stream", "--env-mode=loose"], {
    cwd: REPO_ROOT,
    // turbo looks for bun, the package manager, on the PATH.
    env: childEnvironment({
      PATH: [bin, ...searchPath()].join(":"),
      TURBO_TELEMETRY_DISABLED: "1",
      SPILLWAY_WATCH: "off",
    }),
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (child.pid !== undefined) registerForReaping(child.pid, "SIGTERM");
  const lastLines: string[] = [];
  const onLine = (line: string) => {
    writeSync(log, `${line}\n`);
    lastLines.push(line);
    if (lastLines.length > LAST_LINES_MAX) lastLines.shift();
    const said = SAID.exec(line)?.[1];
    if (said) options.onSaid(said);
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", onLine);
  let isStopping = false;
  const exited = new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", (code) => {
      closeSync(log);
      if (child.pid !== undefined) unregisterFromReaping(child.pid);
      if (!isStopping) options.onFailed(lastLines);
      resolve(code);
    });
  });
  const stop = async () => {
    isStopping = true;
    child.kill("SIGTERM");
    await exited;
  };
  return { exited, stop };
};
