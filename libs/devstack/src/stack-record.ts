import { rm } from "node:fs/promises";
import { APP_NAMES, type DevEnv, type ProcessName, renderDevEnv } from "./dev-env.ts";
import { readJson, replaceFile } from "./file.ts";
import type { Layout } from "./layout.ts";
import { isRunning, type PidRecord, recordOf } from "./pid-record.ts";
import { sayAs } from "./say.ts";

export type Processes = Readonly<Partial<Record<ProcessName, PidRecord>>>;

/**
 * What the running devstack tells a second start, and the next one when it and its watcher were killed: which processes are
 * its own. Holds secrets: readable by the owner alone.
 */
export type StackRecord = {
  readonly devstack: PidRecord;
  readonly processes: Processes;
  /** There when every service is ready. */
  readonly settings?: DevEnv;
};

/** What the last devstack left, whether it runs or not. */
export const readStackRecord = (file: string): Promise<StackRecord | undefined> => readJson<StackRecord>(file);

/** A devstack that runs now and is ready. */
export const findReadyStack = async (file: string): Promise<Required<StackRecord> | undefined> => {
  const record = await readStackRecord(file);
  if (!record?.settings || !(await isRunning(record.devstack))) return undefined;
  return { ...record, settings: record.settings };
};

/** Keeps `run/stack.json` true, and `dev.env` as soon as it can name every address and every pid. */
export const createRecorder = (layout: Layout) => {
  let processes: Processes = {};
  let settings: DevEnv | undefined;
  let writes: Promise<void> = Promise.resolve();
  const write = async (): Promise<void> => {
    const record: StackRecord = { devstack: await recordOf(process.pid), processes, settings };
    await replaceFile(layout.record, `${JSON.stringify(record)}\n`);
    if (!settings) await rm(layout.devEnv, { force: true });
    else if (APP_NAMES.every((name) => processes[name]))
      await replaceFile(layout.devEnv, renderDevEnv(settings, processes));
  };
  /** One change after the other, so that the last one said is the last one written. */
  const change = (apply: () => Promise<void> | void) => {
    writes = writes
      .then(apply)
      .then(write)
      .catch((error: Error) => sayAs("devstack")(`cannot write under ${layout.root}: ${error.message}`));
  };
  return {
    spawned: (name: ProcessName, pid: number): void =>
      change(async () => {
        processes = { ...processes, [name]: await recordOf(pid) };
      }),
    /** The stack is ready with these; or, without, stopping: from now on a second start waits. */
    settings: (found: DevEnv | undefined): void =>
      change(() => {
        settings = found;
      }),
    /** Everything that was started here; resolves when it is on disk. */
    processes: () => writes.then(() => processes),
  };
};

export type Recorder = ReturnType<typeof createRecorder>;
