import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { childEnvironment } from "../config.ts";
import { registerForReaping, unregisterFromReaping } from "./reaper.ts";

export type Launch = {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** User and group id to drop to; only root may. */
  readonly uid?: number;
  readonly stopSignal: NodeJS.Signals;
  /** File that stdout and stderr are appended to. */
  readonly output: string;
};

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type Child = {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  isAlive(): boolean;
  signal(name: NodeJS.Signals): void;
};

const spawnDetached = (launch: Launch): ChildProcess => {
  const identity = launch.uid === undefined ? {} : { uid: launch.uid, gid: launch.uid };
  mkdirSync(dirname(launch.output), { recursive: true });
  const output = openSync(launch.output, "a", 0o600);
  try {
    return spawn(launch.command, launch.args, {
      ...identity,
      cwd: launch.cwd,
      env: childEnvironment(launch.env),
      detached: true,
      stdio: ["ignore", output, output],
    });
  } finally {
    closeSync(output);
  }
};

/** Starts a process in a session of its own that does not outlive this one. Throws when the command cannot be run. */
export const spawnChild = (launch: Launch): Promise<Child> => {
  const child = spawnDetached(launch);
  return new Promise((resolve, reject) => {
    child.once("error", (cause) => reject(new Error(`cannot run ${launch.command}`, { cause })));
    const { pid } = child;
    if (pid === undefined) return;
    registerForReaping(pid, launch.stopSignal);
    let alive = true;
    const exited = new Promise<Exit>((done) => {
      child.once("exit", (code, signal) => {
        alive = false;
        unregisterFromReaping(pid);
        done({ code, signal });
      });
    });
    resolve({ pid, exited, isAlive: () => alive, signal: (name) => void (alive && child.kill(name)) });
  });
};
