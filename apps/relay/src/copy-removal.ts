import { createBackoff, SHARD_RETRY } from "./backoff.ts";
import { createNotifier } from "./notifier.ts";
import type { RelayParts } from "./parts.ts";

/** A commit for each settle would cost Postgres as much as the copies themselves. */
const LINGER_MS = 100;
const KEYS_MAX = 1_000;
/** What waits while Postgres is away; those beyond are found by the sweep of their shard. */
const WAITING_MAX = 100_000;

/** Removes the copies of what was settled, some time after it: one that stays is of events that the stream knows. */
export type CopyRemoval = {
  settled(keys: readonly string[]): void;
  /** Tries once to remove all that wait. */
  flush(): Promise<void>;
  /** Ends when everything is over. */
  run(): Promise<void>;
};

export const createCopyRemoval = ({
  copies,
  clock,
  random,
  signal,
}: Pick<RelayParts, "copies" | "clock" | "random" | "signal">): CopyRemoval => {
  const added = createNotifier(clock);
  const backoff = createBackoff(SHARD_RETRY, random);
  let waiting: string[] = [];

  const wait = (keys: readonly string[]): void => {
    waiting = [...keys, ...waiting].slice(0, WAITING_MAX);
  };

  /** Answers whether Postgres did it. */
  const removeSome = async (): Promise<boolean> => {
    const keys = waiting.slice(0, KEYS_MAX);
    waiting = waiting.slice(KEYS_MAX);
    const answer = await copies.settled(keys);
    if (!answer.ok) wait(keys);
    return answer.ok;
  };

  const removeAgainAndAgain = async (): Promise<void> => {
    while (waiting.length > 0 && !signal.aborted) {
      if (await removeSome()) backoff.reset();
      else await clock.sleep(backoff.nextMs(), signal);
    }
  };

  return {
    settled: (keys) => {
      if (keys.length === 0) return;
      waiting = [...waiting, ...keys].slice(0, WAITING_MAX);
      added.notify();
    },
    flush: async () => {
      for (let done = true; done && waiting.length > 0; ) done = await removeSome();
    },
    run: async () => {
      signal.addEventListener("abort", added.notify, { once: true });
      while (!signal.aborted) {
        if (waiting.length === 0) await added.wait();
        await clock.sleep(LINGER_MS, signal);
        await removeAgainAndAgain();
      }
    },
  };
};
