import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { runCommand } from "./command.ts";

export type ProcessEntry = {
  readonly pid: number;
  readonly parent: number;
  /** Together with the pid it names one process for good: pids are used again, start times are not. */
  readonly startedAt: string;
  readonly command: string;
};

/** The entry in Linux's /proc, or undefined when there is no such process (a zombie is none). */
export const readProc = async (pid: number): Promise<ProcessEntry | undefined> => {
  const [stat, commandLine] = await Promise.all([
    readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined),
    readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => undefined),
  ]);
  if (stat === undefined || commandLine === undefined) return undefined;
  // The second field is the name in parentheses and may hold anything: count from its end. state ppid … starttime(22)
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return undefined;
  const command = commandLine.replaceAll("\0", " ").trim();
  return { pid, parent: Number(fields[1]), startedAt: fields[19] ?? "", command };
};

/** The same from ps, for systems without /proc. */
export const readPs = async (pid: number): Promise<ProcessEntry | undefined> => {
  const { code, output } = await runCommand("ps", ["-o", "stat=,ppid=,lstart=,args=", "-p", String(pid)], {
    env: { LC_ALL: "C" },
  });
  // "S+    1  Sat Nov 21 08:47:01 2026 sleep 30": lstart is always five words.
  const match = /^\s*(\S+)\s+(\d+)\s+(\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(.*)$/m.exec(output);
  if (code !== 0 || !match || match[1]?.startsWith("Z")) return undefined;
  return { pid, parent: Number(match[2]), startedAt: match[3] ?? "", command: (match[4] ?? "").trim() };
};

/** The living children of a process, on Linux. */
export const childrenOf = async (parent: number): Promise<number[]> => {
  const pids = (await readdir("/proc")).map(Number).filter(Number.isInteger);
  const entries = await Promise.all(pids.map(readProc));
  return entries.flatMap((entry) => (entry?.parent === parent ? [entry.pid] : []));
};

const hasProc = existsSync("/proc/self/stat");

/** What runs under this pid now. */
export const findProcess = (pid: number): Promise<ProcessEntry | undefined> => (hasProc ? readProc(pid) : readPs(pid));
