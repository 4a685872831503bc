import { setTimeout as sleep } from "node:timers/promises";
import type { Exit, Running, Say } from "@spillway/backends";

/** A process that lived shorter than this died at once. */
const INSTANT_MS = 2_000;
const INSTANT_DEATHS_FREE = 2;
const BACKOFF_FIRST_MS = 250;
const BACKOFF_MAX_MS = 5_000;

/** How long to wait before the next start: not at all, unless it has died at once more than twice in a row. */
export const restartDelayMs = (instantDeaths: number): number => {
  if (instantDeaths <= INSTANT_DEATHS_FREE) return 0;
  return Math.min(BACKOFF_FIRST_MS * 2 ** (instantDeaths - INSTANT_DEATHS_FREE - 1), BACKOFF_MAX_MS);
};

/** SIGKILL comes from outside: whoever sends it, however often, sees the process come back without delay. */
export const diedAtOnce = (exit: Exit, livedMs: number) => livedMs < INSTANT_MS && exit.signal !== "SIGKILL";

const cause = (exit: Exit) => exit.signal ?? `exit code ${exit.code}`;

/** Starts `running` again whenever it dies, until the returned function is called. Failures are said, never thrown. */
export const supervise = (running: Running, say: Say): (() => void) => {
  let active = true;
  const keep = async () => {
    let instantDeaths = 0;
    let startedAt = Date.now();
    while (active) {
      const exit = await running.exited();
      if (!active) return;
      instantDeaths = diedAtOnce(exit, Date.now() - startedAt) ? instantDeaths + 1 : 0;
      const delayMs = restartDelayMs(instantDeaths);
      say(`died (${cause(exit)}), ${delayMs === 0 ? "starting it again" : `starting it again in ${delayMs} ms`}`);
      await sleep(delayMs);
      if (!active) return;
      startedAt = Date.now();
      try {
        await running.restart();
        if (active) say(`is back as pid ${running.pid()} after ${Date.now() - startedAt} ms`);
      } catch (error) {
        say(`did not come back: ${(error as Error).message}`);
      }
    }
  };
  void keep();
  return () => {
    active = false;
  };
};
