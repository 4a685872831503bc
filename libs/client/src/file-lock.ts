import { readFile, rm, writeFile } from "node:fs/promises";
import process from "node:process";

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Alive, and somebody else's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** Of this process: its own pid in a file may be of the process before it in a container, where each is 1. */
const mine = new Set<string>();

/**
 * Takes the file for this process; answers how to give it back. One that a dead process left is taken over. Processes that
 * do not see each other, as in two containers with one volume, are not kept apart. Rejects when another has it.
 */
export const lockFile = async (path: string): Promise<() => Promise<void>> => {
  const inUse = (pid: number) => new Error(`${path} is in use by process ${pid}`);
  if (mine.has(path)) throw inUse(process.pid);
  for (;;) {
    try {
      await writeFile(path, String(process.pid), { flag: "wx" });
      mine.add(path);
      return async () => {
        mine.delete(path);
        await rm(path, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const pid = Number(await readFile(path, "utf8").catch(() => "0"));
    if (pid > 0 && pid !== process.pid && isAlive(pid)) throw inUse(pid);
    await rm(path, { force: true });
  }
};
