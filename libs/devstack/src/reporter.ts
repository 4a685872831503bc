import { type Exit, NotReady, type Running, type Say } from "@spillway/backends";
import type { LogView } from "./log-view.ts";
import { readable } from "./readable-log.ts";
import type { Episode } from "./supervisor.ts";

const causeOf = ({ signal, code }: Exit) => signal ?? `exit code ${code}`;

const sentenceOf = (episode: Exclude<Episode, { kind: "failed" }>, { url, pid }: Running): string => {
  switch (episode.kind) {
    case "ready":
      return `ready on ${url}, pid ${pid()}`;
    case "back":
      return `is back as pid ${pid()} after ${episode.afterMs} ms`;
    case "reloaded":
      return `reloaded, ${episode.file} changed`;
    case "died":
      return `died (${causeOf(episode.exit)}), starting it again${episode.delayMs > 0 ? ` in ${episode.delayMs} ms` : ""}`;
  }
};

/** Its last words, without the times, which differ each time. */
const reasonOf = (error: Error): string => {
  if (!(error instanceof NotReady)) return error.message;
  const lines = error.log.split("\n").map((line) => readable(line).replace(/^\d\d:\d\d:\d\d\.\d{3} /, ""));
  return lines.join("\n").trim();
};

/**
 * Tells a person what happens to the processes. Why one does not start is told once, however often that is tried and in
 * however many apps the same file is broken.
 */
export const createReporter = () => {
  const told = new Set<string>();
  return (running: Running, say: Say, view?: LogView) =>
    (episode: Episode): void => {
      if (episode.kind === "failed") {
        view?.skip();
        const reason = reasonOf(episode.error);
        if (!told.has(reason)) say(`does not start:\n${reason}`);
        told.add(reason);
        return;
      }
      if (episode.kind === "died") view?.close();
      else {
        told.clear();
        view?.open();
      }
      say(sentenceOf(episode, running));
    };
};
