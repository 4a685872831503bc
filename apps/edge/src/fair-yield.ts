/**
 * Gives way to the event loop for a turn of it, in which what has arrived meanwhile is handled. Where there is no
 * `nextTurn` nobody waits.
 */
export const createFairYield = (nextTurn?: (then: () => void) => void) => {
  if (nextTurn === undefined) return { next: () => Promise.resolve(), own: () => Promise.resolve() };
  let next: Promise<void> | null = null;
  const waiting: (() => void)[] = [];
  const takeOne = (): void => {
    waiting.shift()?.();
    if (waiting.length > 0) nextTurn(takeOne);
  };
  return {
    /** The next turn, together with all who ask for it. */
    next: (): Promise<void> => {
      next ??= new Promise((resolve) => {
        nextTurn(() => {
          next = null;
          resolve();
        });
      });
      return next;
    },
    /** A turn that nobody else gets, first come first served: for work that takes long. */
    own: () =>
      new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 1) nextTurn(takeOne);
      }),
  };
};

export type FairYield = ReturnType<typeof createFairYield>;
