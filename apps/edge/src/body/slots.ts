/** Lets so many work at once; the others wait, first come first served. */
export type Slots = {
  enter(): Promise<void>;
  leave(): void;
};

export const createSlots = (atOnce: number): Slots => {
  let free = atOnce;
  const waiting: (() => void)[] = [];
  return {
    enter: () => {
      if (free === 0) return new Promise((resolve) => waiting.push(resolve));
      free--;
      return Promise.resolve();
    },
    leave: () => {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    },
  };
};
