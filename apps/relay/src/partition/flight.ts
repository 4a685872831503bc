/** Whether a publish of a lane is under way; what must not happen meanwhile is done in the moment in which it has ended. */
export const createFlight = () => {
  let publishes = 0;
  const waiting: (() => void)[] = [];
  return {
    begins: (): void => {
      publishes++;
    },
    /** What came of it is known, and its records are where they belong. */
    ends: (): void => {
      publishes--;
      for (const act of waiting.splice(0)) act();
    },
    /** Does it now, or when the publish under way has ended, before anything else of the lane happens. */
    whenDown: <T>(act: () => T): Promise<T> =>
      new Promise((resolve) => {
        if (publishes === 0) resolve(act());
        else waiting.push(() => resolve(act()));
      }),
  };
};

export type Flight = ReturnType<typeof createFlight>;
