import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { searchPath } from "../config.ts";
import { type Command, spawnCommand } from "./reaper.ts";

const OUTPUT_CHARS_MAX = 64_000;

export type CommandResult = {
  readonly code: number | null;
  /** stdout and stderr as they came, the last 64,000 characters. */
  readonly output: string;
};

type CommandOptions = Omit<Command, "command" | "args"> & {
  readonly input?: string;
  /** Goes on when this process dies; a package manager must not be cut off in the middle. */
  readonly isLeftToFinish?: boolean;
};

/** The full path of the first of `names` that is an executable on the search path. */
export const findExecutable = async (...names: readonly string[]): Promise<string | undefined> => {
  for (const name of names) {
    for (const folder of searchPath()) {
      const path = join(folder, name);
      const found = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (found) return path;
    }
  }
  return undefined;
};

/** Runs a command to its end. A command that cannot be run at all ends with code null and the reason as its output. */
export const runCommand = (
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> =>
  new Promise((resolve) => {
    const child = spawnCommand({ command, args, ...options }, options.isLeftToFinish ? undefined : "SIGTERM", {
      // One that reads nothing and is gone before the end of its input is written breaks the pipe.
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    let output = "";
    const keep = (piece: Buffer) => {
      output = (output + piece.toString()).slice(-OUTPUT_CHARS_MAX);
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    child.once("error", (error) => resolve({ code: null, output: `${output}${error.message}` }));
    child.once("close", (code) => resolve({ code, output }));
    child.stdin?.on("error", (error) => keep(Buffer.from(error.message)));
    child.stdin?.end(options.input);
  });
