import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const entry = (name: string) => join(root, "libs/devstack/src", name);

/** A `.spillway` folder of its own, and the real entries of the devstack started on it as processes. */
export type StackFolder = {
  readonly path: string;
  /** Starts main.<name>.ts; what it prints is in `output()`. */
  run(name: "dev" | "start" | "observe", settings?: Readonly<Record<string, string>>): Run;
  /** The lines of dev.env; throws while there is none. */
  devEnv(): Readonly<Record<string, string>>;
  /** Every live process that was started on this folder, by anyone: pid and command line. */
  processes(): readonly { readonly pid: number; readonly command: string }[];
  /** Kills what is left and removes the folder. */
  discard(): void;
};

export type Run = {
  readonly child: ChildProcess;
  output(): string;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
};

const linesOf = (text: string) =>
  Object.fromEntries(
    text
      .trimEnd()
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );

const readProc = (pid: string, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
};

const workingFolder = (pid: string): string => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return "";
  }
};

/**
 * Everything that inherited the folder's setting: services, apps, turbo and the watchers of all of them. Redis writes its
 * title over its environment, but works in the folder.
 */
const processesOf = (folder: string) =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter(
      (pid) =>
        readProc(pid, "environ").split("\0").includes(`SPILLWAY_DIR=${folder}`) ||
        workingFolder(pid).startsWith(folder),
    )
    .map((pid) => ({ pid: Number(pid), command: readProc(pid, "cmdline").replaceAll("\0", " ").trim() }))
    .filter(({ command }) => command !== "");

export const createStackFolder = (): StackFolder => {
  const path = mkdtempSync(join(tmpdir(), "spillway-stack-"));
  // Postgres runs as another user when the tests run as root, and its data lies below.
  chmodSync(path, 0o711);
  const environment = { ...process.env, SPILLWAY_DIR: path, SPILLWAY_WATCH: "off", LOG_LEVEL: "warn" };
  const processes = () => processesOf(path);
  const run: StackFolder["run"] = (name, settings = {}) => {
    const child = spawn(process.execPath, ["--no-warnings", entry(`main.${name}.ts`)], {
      cwd: root,
      env: { ...environment, ...settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (piece: Buffer) => {
        output += piece.toString();
      });
    }
    const ended = new Promise<number | string>((resolve) => {
      child.once("exit", (code, signal) => resolve(code ?? signal ?? "unknown"));
    });
    return { child, output: () => output, ended };
  };
  return {
    path,
    run,
    devEnv: () => linesOf(readFileSync(join(path, "dev.env"), "utf8")),
    processes,
    discard: () => {
      for (const { pid } of processes()) process.kill(pid, "SIGKILL");
      rmSync(path, { recursive: true, force: true });
    },
  };
};
