import type { AppName, DevEnv } from "./dev-env.ts";
import { readJson, replaceFile } from "./file.ts";
import { isRunning, type PidRecord } from "./pid-record.ts";

/** Exists while every service is ready and nothing stops: what the running devstack tells the app tasks and a second start. Holds secrets: readable by the owner alone. */
export type StackState = {
  readonly devstack: PidRecord;
  readonly settings: DevEnv;
  readonly appEnvironments: Readonly<Record<AppName, Readonly<Record<string, string>>>>;
};

export const writeStackState = async (file: string, state: StackState): Promise<void> => {
  await replaceFile(file, `${JSON.stringify(state)}\n`);
};

/** The state of the devstack that runs now; what a dead one left is none. */
export const readStackState = async (file: string): Promise<StackState | undefined> => {
  const state = await readJson<StackState>(file);
  return state && (await isRunning(state.devstack)) ? state : undefined;
};
