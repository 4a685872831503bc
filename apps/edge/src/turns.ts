/**
 * Lets work that takes long be done one piece a turn of the event loop, first come first served. Resolves when it is
 * the caller's turn; at once where there is no `nextTurn`.
 */
export type Turns = () => Promise<void>;

export const createTurns = (nextTurn?: (then: () => void) => void): Turns => {
  if (nextTurn === undefined) return () => Promise.resolve();
  const waiting: (() => void)[] = [];
  const takeOne = (): void => {
    waiting.shift()?.();
    if (waiting.length > 0) nextTurn(takeOne);
  };
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) nextTurn(takeOne);
    });
};
