import { streamSSE } from "hono/streaming";
import type { AddPage } from "../env.ts";
import type { Overview } from "../watch/watch.ts";

/** So many may watch at once; each costs one line a second. */
const WATCHERS_MAX = 500;
/** Then the browser connects again, and whoever is not logged in any more finds out. */
const STREAM_MS = 60_000;

/** `GET /live`: an event `look` after every look, with the level, which is the heartbeat as well. */
export const addLive: AddPage = (app, { watch, clock }) => {
  let watchers = 0;
  app.get("/live", (c) => {
    if (watchers >= WATCHERS_MAX) return c.text("Too many watch already.", 503, { "retry-after": "10" });
    watchers++;
    return streamSSE(c, async (stream) => {
      const untilMs = clock.monotonicMs() + STREAM_MS;
      await new Promise<void>((resolve) => {
        const stop = watch.onLook((overview: Overview | null) => {
          if (overview === null || clock.monotonicMs() >= untilMs) return end();
          void stream.writeSSE({ event: "look", data: overview.level });
        });
        const end = (): void => {
          stop();
          resolve();
        };
        stream.onAbort(end);
      });
      watchers--;
    });
  });
};
