import { eventually, findProcess } from "@spillway/backends";

/** Names one process for good: a pid alone may belong to a stranger by the time it is read. */
export type PidRecord = { readonly pid: number; readonly startedAt: string };

const ENDED_DEADLINE_MS = 3_000;

export const recordOf = async (pid: number): Promise<PidRecord> => ({
  pid,
  startedAt: (await findProcess(pid))?.startedAt ?? "",
});

export const isRunning = async ({ pid, startedAt }: PidRecord): Promise<boolean> =>
  (await findProcess(pid))?.startedAt === startedAt;

const hasEnded = (record: PidRecord): Promise<boolean> =>
  eventually("its end", async () => !(await isRunning(record)), ENDED_DEADLINE_MS).catch(() => false);

/** Ends a process that nobody supervises any more. False when it had ended already. */
export const endProcess = async (record: PidRecord, stopSignal: NodeJS.Signals): Promise<boolean> => {
  if (!(await isRunning(record))) return false;
  process.kill(record.pid, "SIGCONT");
  process.kill(record.pid, stopSignal);
  if (!(await hasEnded(record))) {
    process.kill(record.pid, "SIGKILL");
    await hasEnded(record);
  }
  return true;
};
