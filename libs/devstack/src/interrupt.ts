import { watchRunners } from "./ancestors.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Resolves with the first signal to end, or when what started this process has disappeared. */
export const interruption = (): Promise<string> =>
  new Promise((resolve) => {
    for (const signal of SIGNALS) process.on(signal, () => resolve(signal));
    void watchRunners((command) => resolve(`"${command.slice(0, 60)}" is gone`));
  });
