/** Lookups that are under way at once, of all keys: they share the connections to Postgres with what commits events. */
const AT_ONCE_MAX = 2;

/** Lets so many at once, the others in their order. */
export const createAtOnce = () => {
  const waiting: (() => void)[] = [];
  let free = AT_ONCE_MAX;
  const enter = (): Promise<void> | undefined => {
    if (free === 0) return new Promise((resolve) => waiting.push(resolve));
    free--;
    return undefined;
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };
  return async <T>(work: () => Promise<T>): Promise<T> => {
    await enter();
    try {
      return await work();
    } finally {
      leave();
    }
  };
};
