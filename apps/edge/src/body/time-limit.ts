import type { Clock } from "@spillway/event";

/** Ends what takes longer than a given time. One sleep serves all, instead of a timer for each of 30,000 requests a second. */
export type TimeLimit = {
  /** `onOver` is called after the limit, unless what is returned was called before. */
  start(onOver: () => void): () => void;
};

type Running = { readonly endsAtMs: number; readonly onOver: () => void; before: Running; after: Running };

export const createTimeLimit = (clock: Clock, limitMs: number): TimeLimit => {
  /**
   * Between whom all others stand, in the order of their ends, since all have the same limit. A list, since a set takes a
   * microsecond to put one in and take it out.
   */
  const ends = { endsAtMs: 0, onOver: () => undefined } as unknown as Running;
  ends.before = ends;
  ends.after = ends;
  let isWatching = false;

  /** Twice is once: who was taken out stands beside itself. */
  const takeOut = (one: Running): void => {
    one.before.after = one.after;
    one.after.before = one.before;
    one.before = one;
    one.after = one;
  };

  const watch = async (): Promise<void> => {
    isWatching = true;
    for (let first = ends.after; first !== ends; first = ends.after) {
      const leftMs = first.endsAtMs - clock.monotonicMs();
      if (leftMs > 0) await clock.sleep(leftMs);
      else {
        takeOut(first);
        first.onOver();
      }
    }
    isWatching = false;
  };

  return {
    start: (onOver) => {
      const last = ends.before;
      const started = { endsAtMs: clock.monotonicMs() + limitMs, onOver, before: last, after: ends };
      last.after = started;
      ends.before = started;
      if (!isWatching) void watch();
      return () => takeOut(started);
    },
  };
};
