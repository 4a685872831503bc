import { TooLate } from "@spillway/backends";
import { late, systemClock, within } from "@spillway/event";
import { configOrExit } from "@spillway/service/bun";
import { renderBlock } from "./block.ts";
import { readConfig } from "./config.ts";
import type { DevEnv } from "./dev-env.ts";
import { exitAfter } from "./exit.ts";
import { interruption } from "./interrupt.ts";
import { layoutOf, makeLayout } from "./layout.ts";
import { sayAs } from "./say.ts";
import { createStack } from "./stack.ts";
import { takeTurn } from "./turn.ts";

const APPS_READY_MS = 60_000;
const say = sayAs("devstack");

type RunOptions = {
  /**
   * Somebody works on the sources: what the apps log is shown, and a saved file starts them again. An app is waited for
   * for ever, since a source file may be mended; else it is an error when one is not ready in time.
   */
  readonly isEdited: boolean;
  /** Shows the stack that runs now. */
  readonly onReady: (settings: DevEnv, devEnvFile: string) => Promise<void> | void;
};

/** Runs the stack of this folder until it is interrupted, or says that it runs. Returns what the process ends with. */
const run = async ({ isEdited, onReady }: RunOptions): Promise<number> => {
  const config = configOrExit(readConfig);
  const layout = layoutOf(config.root);
  await makeLayout(layout);
  const turn = await takeTurn(layout, () => say("waiting for another one to start or stop"));
  if (turn.kind === "taken") {
    const { devstack, settings } = turn.by;
    console.log(renderBlock(settings, layout.devEnv, [], `Spillway already runs as pid ${devstack.pid}.`));
    return 0;
  }
  const stack = createStack(config, layout, isEdited);
  const interrupted = interruption();
  const shown = stack.start().then(async ({ settings, appsReady }) => {
    const ready = isEdited ? appsReady : within(systemClock, APPS_READY_MS, appsReady);
    if ((await ready) === late) throw new TooLate(`not every app was ready within ${APPS_READY_MS} ms`);
    await onReady(settings, layout.devEnv);
  });
  try {
    const reason = await Promise.race([interrupted, shown.then(() => interrupted)]);
    say(`stopping (${reason})`);
    return 0;
  } finally {
    await stack.stop();
    turn.lock.release();
  }
};

/** The same as a whole process. */
export const runAndExit = (options: RunOptions): void => exitAfter(() => run(options));
