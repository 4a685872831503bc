import { findProcess, type ProcessEntry } from "@spillway/backends";

const POLL_MS = 500;
const DEPTH_MAX = 12;

const RUNNER = /(^|[\s/])(npm|npx|pnpm|yarn|turbo|bunx)(\s|$|-cli|\.js)|(^|\/)bun(\.exe)? (run|x) /;

/**
 * The processes above this one that it must not outlive: everything up to the outermost npm, turbo or `bun run`. What is
 * above that (a login shell that started `nohup npm start &`) may go.
 */
export const runnersAmong = (ancestors: readonly ProcessEntry[]): readonly ProcessEntry[] => {
  const outermost = ancestors.findLastIndex((ancestor) => RUNNER.test(ancestor.command));
  return ancestors.slice(0, outermost + 1);
};

const ancestorsOf = async (pid: number): Promise<ProcessEntry[]> => {
  const found: ProcessEntry[] = [];
  let entry = await findProcess(pid);
  while (entry && entry.parent > 1 && found.length < DEPTH_MAX) {
    entry = await findProcess(entry.parent);
    if (entry) found.push(entry);
  }
  return found;
};

/**
 * Calls `onGone` once when a runner above this process has disappeared without a signal to it (npm does not pass on
 * SIGTERM, and nobody passes on SIGKILL).
 */
export const watchRunners = async (onGone: (command: string) => void): Promise<void> => {
  const runners = runnersAmong(await ancestorsOf(process.pid));
  const timer = setInterval(async () => {
    for (const runner of runners) {
      if ((await findProcess(runner.pid))?.startedAt === runner.startedAt) continue;
      clearInterval(timer);
      onGone(runner.command);
      return;
    }
  }, POLL_MS);
};
