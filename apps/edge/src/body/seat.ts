/** The one seat for large bodies, as one request sees it. Both may be called again, and then do nothing. */
export type Seat = {
  /** Resolves when the seat is free, first come first served. */
  take(): Promise<void>;
  leave(): void;
};

/**
 * One body after the other is unfolded and read: they are done no later, and of the buffers of 4 MiB there is one and not
 * ten. Several at once live for as long as all of them take, and the runtime then keeps what they have left behind: 10
 * connections with bombs of line feeds made 270 MB instead of 105.
 */
export const createSeat = (): (() => Seat) => {
  let isTaken = false;
  const waiting: (() => void)[] = [];
  const free = (): void => {
    const next = waiting.shift();
    if (next === undefined) isTaken = false;
    else next();
  };
  return () => {
    let mine: Promise<void> | null = null;
    return {
      take: () => {
        if (mine !== null) return mine;
        mine = isTaken ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve();
        isTaken = true;
        return mine;
      },
      leave: () => {
        if (mine === null) return;
        mine = null;
        free();
      },
    };
  };
};
