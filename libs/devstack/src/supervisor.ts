import type { Exit, Running } from "@spillway/backends";
import { systemClock } from "@spillway/event";

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

/** What happened to a supervised process. */
export type Episode =
  | { readonly kind: "ready" }
  | { readonly kind: "back"; readonly afterMs: number }
  | { readonly kind: "reloaded"; readonly file: string }
  | { readonly kind: "died"; readonly exit: Exit; readonly delayMs: number }
  /** It was started and did not do its work: the next try follows. */
  | { readonly kind: "failed"; readonly error: Error };

/**
 * Keeps `running` alive, from its first start on when it is not up yet, and tells what happens to it; failures are told,
 * never thrown.
 */
export const supervise = (running: Running, tell: (episode: Episode) => void) => {
  let isActive = true;
  let isUp = running.pid() !== undefined;
  let wasUp = isUp;
  let startedAt = Date.now();
  let instantDeaths = 0;
  let changed: string | undefined;
  let wake: () => void = () => undefined;
  const change = () =>
    new Promise<undefined>((resolve) => {
      wake = () => resolve(undefined);
      if (changed !== undefined) wake();
    });

  const start = async (): Promise<void> => {
    const file = changed;
    changed = undefined;
    startedAt = Date.now();
    try {
      await running.restart();
      if (!isActive) return;
      if (file !== undefined) tell({ kind: "reloaded", file });
      else tell(wasUp ? { kind: "back", afterMs: Date.now() - startedAt } : { kind: "ready" });
      isUp = true;
      wasUp = true;
    } catch (error) {
      isUp = false;
      if (isActive) tell({ kind: "failed", error: error as Error });
    }
  };

  /** Resolves when it is time to start it. */
  const untilDue = async (): Promise<void> => {
    const exit = await Promise.race([running.exited(), change()]);
    if (!isActive) return;
    if (exit === undefined) instantDeaths = 0;
    else {
      instantDeaths = diedAtOnce(exit, Date.now() - startedAt) ? instantDeaths + 1 : 0;
      const delayMs = restartDelayMs(instantDeaths);
      if (isUp) tell({ kind: "died", exit, delayMs });
      isUp = false;
      await Promise.race([systemClock.sleep(delayMs), change()]);
    }
  };

  const keep = async (): Promise<void> => {
    if (!isUp) await start();
    while (isActive) {
      await untilDue();
      if (isActive) await start();
    }
  };
  void keep();
  return {
    /** Starts it again with the changed source, at once even when the next try is minutes away. */
    reload: (file: string): void => {
      changed = file;
      wake();
    },
    end: (): void => {
      isActive = false;
    },
  };
};
