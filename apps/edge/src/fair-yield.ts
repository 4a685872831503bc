/**
 * Gives way to the event loop for a turn of it, in which what has arrived meanwhile is handled. Where there is no
 * `nextTurn` nobody waits.
 */
export type FairYield = {
  /** The next turn, together with all who ask for it. */
  next(): Promise<void>;
  /** A turn that nobody else gets, first come first served: for work that takes long. */
  own(): Promise<void>;
};

export const createFairYield = (nextTurn?: (then: () => void) => void): FairYield => {
  if (nextTurn === undefined) return { next: () => Promise.resolve(), own: () => Promise.resolve() };
  let next: Promise<void> | null = null;
  const waiting: (() => void)[] = [];
  const takeOne = (): void => {
    waiting.shift()?.();
    if (waiting.length > 0) nextTurn(takeOne);
  };
  return {
    next: () => {
      next ??= new Promise((resolve) => {
        nextTurn(() => {
          next = null;
          resolve();
        });
      });
      return next;
    },
    own: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 1) nextTurn(takeOne);
      }),
  };
};
