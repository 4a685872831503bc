import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { type Command, spawnCommand } from "./reaper.ts";

export type Launch = Command & {
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

const spawnDetached = (launch: Launch) => {
  mkdirSync(dirname(launch.output), { recursive: true });
  const output = openSync(launch.output, "a", 0o600);
  try {
    return spawnCommand(launch, launch.stopSignal, { detached: true, stdio: ["ignore", output, output] });
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
    let alive = true;
    const exited = new Promise<Exit>((done) => {
      child.once("exit", (code, signal) => {
        alive = false;
        done({ code, signal });
      });
    });
    resolve({ pid, exited, isAlive: () => alive, signal: (name) => void (alive && child.kill(name)) });
  });
};
