/** Bounds how many statements run and how many wait, in the order of their arrival. */
export type Permits = {
  /** Answers how to give the permit back, once, or null: none became free in time, or too many wait already. */
  take(deadlineMs: number): Promise<(() => void) | null>;
};

export const createPermits = (runningMax: number, waitingMax: number): Permits => {
  const waiting: ((granted: boolean) => void)[] = [];
  let running = 0;

  const give = (): void => {
    const next = waiting.shift();
    if (next) next(true);
    else running--;
  };

  const wait = (deadlineMs: number): Promise<boolean> =>
    new Promise((resolve) => {
      const settle = (granted: boolean): void => {
        clearTimeout(timer);
        resolve(granted);
      };
      const timer = setTimeout(
        () => {
          waiting.splice(waiting.indexOf(settle), 1);
          settle(false);
        },
        Math.max(0, deadlineMs),
      );
      waiting.push(settle);
    });

  return {
    take: async (deadlineMs) => {
      if (running < runningMax) {
        running++;
        return give;
      }
      if (waiting.length >= waitingMax) return null;
      return (await wait(deadlineMs)) ? give : null;
    },
  };
};
