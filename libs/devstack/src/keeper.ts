import type { Running } from "@spillway/backends";
import type { ProcessName } from "./dev-env.ts";
import { createLogView, type LogView } from "./log-view.ts";
import { createReporter } from "./reporter.ts";
import { sayAs } from "./say.ts";
import { supervise } from "./supervisor.ts";

type Kept = {
  readonly running: Running;
  readonly supervision: ReturnType<typeof supervise>;
  readonly view?: LogView;
};

/** Keeps processes alive until it is ended, and says what becomes of them. Of the `shown` ones it shows the log while they are up. */
export const createKeeper = (shown: readonly string[]) => {
  const reportOf = createReporter();
  const kept = new Map<string, Kept>();
  let hasEnded = false;
  return {
    /** Starts it when it is not up yet. Resolves when it has been. */
    keep: async (running: Running) => {
      if (hasEnded) return running.stop();
      const say = sayAs(running.name as ProcessName);
      const view = shown.includes(running.name) ? createLogView(running.logFile, say) : undefined;
      const report = reportOf(running, say, view);
      await new Promise<void>((resolve) => {
        const supervision = supervise(running, (episode) => {
          report(episode);
          if (episode.kind !== "failed") resolve();
        });
        kept.set(running.name, { running, supervision, view });
      });
    },
    /** Starts it again with the changed source. */
    reload: (name: string, file: string): void => {
      const { supervision, view } = kept.get(name) ?? {};
      view?.close();
      supervision?.reload(file);
    },
    /** Stops them group by group. What is given to it later is stopped at once. */
    end: async (groups: readonly (readonly string[])[]): Promise<void> => {
      hasEnded = true;
      for (const { supervision } of kept.values()) supervision.end();
      for (const group of groups) await Promise.all(group.map((name) => kept.get(name)?.running.stop()));
      for (const { view } of kept.values()) view?.close();
    },
  };
};
