import type { Clock } from "@spillway/event";

/**
 * Every settle is one more fsync on the server that the edge's appends wait for, so a few of them go together. A crash
 * publishes what was confirmed in this time again.
 */
const APART_MS = 25;

/**
 * When the shards of a process settle: all that have something to settle at the same moment, so that theirs is one write and one
 * fsync, and not one each (R2). A moment comes only when somebody asked for it.
 */
export const createMoments = (clock: Pick<Clock, "sleep">) => {
  let waiting: (() => void)[] = [];
  const come = async (): Promise<void> => {
    await clock.sleep(APART_MS);
    const called = waiting;
    waiting = [];
    for (const call of called) call();
  };
  return {
    /** Called at the next moment, once. */
    next: (call: () => void): void => {
      waiting.push(call);
      if (waiting.length === 1) void come();
    },
  };
};

export type Moments = ReturnType<typeof createMoments>;
