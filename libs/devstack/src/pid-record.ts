import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { findProcess } from "@spillway/backends";
import { readJson, replaceFile } from "./file.ts";

/** Names one process for good: a pid alone may belong to a stranger by the time it is read. */
export type PidRecord = {
  readonly pid: number;
  readonly startedAt: string;
};

const POLL_MS = 50;
const ENDED_DEADLINE_MS = 3_000;

export const recordOf = async (pid: number): Promise<PidRecord> => ({
  pid,
  startedAt: (await findProcess(pid))?.startedAt ?? "",
});

export const writePidRecord = async (file: string, pid: number): Promise<void> => {
  await replaceFile(file, `${JSON.stringify(await recordOf(pid))}\n`);
};

export const readPidRecord = (file: string): Promise<PidRecord | undefined> => readJson<PidRecord>(file);

export const isRunning = async (record: PidRecord | undefined): Promise<boolean> =>
  record !== undefined && (await findProcess(record.pid))?.startedAt === record.startedAt;

/** Waits until the process is gone. False when it is still there at the deadline. */
export const waitForEnd = async (record: PidRecord, deadlineMs: number): Promise<boolean> => {
  const deadline = Date.now() + deadlineMs;
  while (await isRunning(record)) {
    if (Date.now() >= deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
};

/** Ends a process that an earlier devstack left behind, and forgets it. Returns its pid when there was one. */
export const endLeftover = async (file: string, stopSignal: NodeJS.Signals): Promise<number | undefined> => {
  const record = await readPidRecord(file);
  const isLeft = record !== undefined && (await isRunning(record));
  if (isLeft) {
    process.kill(record.pid, "SIGCONT");
    process.kill(record.pid, stopSignal);
    if (!(await waitForEnd(record, ENDED_DEADLINE_MS))) {
      process.kill(record.pid, "SIGKILL");
      await waitForEnd(record, ENDED_DEADLINE_MS);
    }
  }
  await rm(file, { force: true });
  return isLeft ? record.pid : undefined;
};
