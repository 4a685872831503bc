import type { Process } from "./process.ts";
import type { Timeline } from "./timeline.ts";

/** A machine on which one process runs at a time; another is started when it died. */
export type Host<App> = {
  /** The process and the app in it, once it has started. */
  running(): { readonly process: Process; readonly app: App } | null;
  /** The process, started or not; null between two lives. */
  process(): Process | null;
};

export type HostOptions<App> = {
  readonly name: string;
  readonly timeline: Timeline;
  readonly createProcess: (name: string) => Process;
  /** Production code starts here. */
  readonly boot: (process: Process) => Promise<App>;
  readonly restartMs: () => number;
  readonly fail: (error: unknown) => void;
};

export const createHost = <App>(options: HostOptions<App>): Host<App> => {
  const { name, timeline, createProcess, boot, restartMs, fail } = options;
  let lives = 0;
  let process: Process | null = null;
  let app: App | null = null;

  const start = (): void => {
    const started = createProcess(`${name}.${++lives}`);
    process = started;
    started.onKill(() => {
      process = null;
      app = null;
      timeline.after(restartMs(), start);
    });
    boot(started).then((booted) => {
      if (process === started) app = booted;
    }, fail);
  };
  start();

  return {
    running: () => (process && app ? { process, app } : null),
    process: () => process,
  };
};
