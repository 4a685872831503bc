import { setTimeout as sleep } from "node:timers/promises";
import { NotProvided, NotReady } from "@spillway/backends";
import { ConfigError } from "@spillway/service";
import { configOrExit, guardOutput } from "@spillway/service/bun";
import { renderBlock } from "./block.ts";
import { type DevstackConfig, readConfig } from "./config.ts";
import type { DevEnv } from "./dev-env.ts";
import { onInterrupt } from "./interrupt.ts";
import { layoutOf, makeLayout } from "./layout.ts";
import { createStack, type SayAs } from "./stack.ts";
import { takeTurn } from "./turn.ts";

const say: SayAs = (name) => (line) => console.log(`[${name}] ${line}`);

/** Something took longer than it may; the message says what. */
export class TooLate extends Error {}

export type RunOptions = {
  readonly showsLogs: boolean;
  readonly watchesSources: (config: DevstackConfig) => boolean;
  /** Throws when an app is not ready then; for ever when not told, since a source file may be mended. */
  readonly appsReadyMs?: number;
  /** Shows the stack that runs now. */
  readonly onReady: (settings: DevEnv, devEnvFile: string) => Promise<void> | void;
};

const within = async (appsReady: Promise<unknown>, deadlineMs: number | undefined): Promise<void> => {
  const late = deadlineMs === undefined ? [] : [sleep(deadlineMs, "late")];
  if ((await Promise.race([appsReady, ...late])) === "late")
    throw new TooLate(`not every app was ready within ${deadlineMs} ms`);
};

/** Runs the stack of this folder until it is interrupted, or says that it runs. Returns what the process ends with. */
const run = async ({ showsLogs, watchesSources, appsReadyMs, onReady }: RunOptions): Promise<number> => {
  const config = configOrExit(readConfig);
  const layout = layoutOf(config.root);
  await makeLayout(layout);
  const turn = await takeTurn(layout, () => say("devstack")("waiting for another one to start or stop"));
  if (turn.kind === "taken") {
    const { devstack, settings } = turn.by;
    console.log(renderBlock(settings, layout.devEnv, `Spillway already runs as pid ${devstack.pid}.`));
    return 0;
  }
  const stack = createStack({ config, layout, say, showsLogs, watchesSources: watchesSources(config) });
  const interrupted = new Promise<string>((resolve) => void onInterrupt(resolve));
  const shown = stack.start().then(async ({ settings, appsReady }) => {
    await within(appsReady, appsReadyMs);
    await onReady(settings, layout.devEnv);
  });
  try {
    const reason = await Promise.race([interrupted, shown.then(() => interrupted)]);
    say("devstack")(`stopping (${reason})`);
    return 0;
  } finally {
    await stack.stop();
    turn.lock.release();
  }
};

/** The same as a whole process. */
export const runAndExit = (options: RunOptions): void => {
  guardOutput();
  run(options).then(
    (code) => process.exit(code),
    (error) => {
      // What a person can act on is said plainly; anything else with its stack.
      const isPlain = [NotProvided, ConfigError, NotReady, TooLate].some((kind) => error instanceof kind);
      console.error(isPlain ? `\n${error.message}\n` : error);
      process.exit(1);
    },
  );
};
