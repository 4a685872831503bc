import { watchRunners } from "./ancestors.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Calls `onEnd` once, at the first signal to end or when what started this process has disappeared. */
export const onInterrupt = async (onEnd: (reason: string) => void): Promise<void> => {
  let ended = false;
  const end = (reason: string) => {
    if (ended) return;
    ended = true;
    onEnd(reason);
  };
  for (const signal of SIGNALS) process.on(signal, () => end(signal));
  await watchRunners((command) => end(`"${command.slice(0, 60)}" is gone`));
};
