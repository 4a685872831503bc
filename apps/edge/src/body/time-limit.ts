import type { Clock } from "@spillway/event";

/** Ends what takes longer than a given time. One sleep serves all, instead of a timer for each of 30,000 requests a second. */
export type TimeLimit = {
  /** `onOver` is called after the limit, unless what is returned was called before. */
  start(onOver: () => void): () => void;
};

type Running = { readonly endsAtMs: number; readonly onOver: () => void };

export const createTimeLimit = (clock: Clock, limitMs: number): TimeLimit => {
  /** In the order of their ends, since all have the same limit. */
  const running = new Set<Running>();
  let isWatching = false;
  const oldest = (): Running | undefined => running.values().next().value;

  const watch = async (): Promise<void> => {
    isWatching = true;
    for (let first = oldest(); first !== undefined; first = oldest()) {
      const leftMs = first.endsAtMs - clock.monotonicMs();
      if (leftMs > 0) await clock.sleep(leftMs);
      else {
        running.delete(first);
        first.onOver();
      }
    }
    isWatching = false;
  };

  return {
    start: (onOver) => {
      const started = { endsAtMs: clock.monotonicMs() + limitMs, onOver };
      running.add(started);
      if (!isWatching) void watch();
      return () => void running.delete(started);
    },
  };
};
