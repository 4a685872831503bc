import { createLeftovers } from "./leftovers.ts";

/** The one seat for large bodies, as one request sees it. */
export type Seat = {
  /** Resolves when the seat is free, first come first served; at once for who has it. */
  take(): Promise<void>;
  /** So many bytes, or more, for the body of who has the seat; what stands in them is left from another. */
  buffer(bytes: number): Uint8Array<ArrayBuffer>;
  /** `keeps`: whether the body is needed further on. Called again, or by who does not have the seat, it does nothing. */
  leave(keeps: boolean): void;
};

/**
 * One body after the other is unfolded and read: they are done no later, and of the buffers of 4 MiB there is one and not
 * ten. Several at once live for as long as all of them take, and the runtime then keeps what they have left behind: 10
 * connections with bombs of line feeds made 270 MB instead of 105. For the same reason a refused body leaves its buffer to
 * the next one (E5).
 */
export const createSeat = (collectGarbage?: () => void): (() => Seat) => {
  let isTaken = false;
  const leave = createLeftovers(collectGarbage);
  let spare: Uint8Array<ArrayBuffer> | null = null;
  const waiting: (() => void)[] = [];
  const free = (): void => {
    const next = waiting.shift();
    if (next === undefined) isTaken = false;
    else next();
  };
  return () => {
    let mine: Promise<void> | null = null;
    let used: Uint8Array<ArrayBuffer> | null = null;
    return {
      take: () => {
        if (mine !== null) return mine;
        mine = isTaken ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve();
        isTaken = true;
        return mine;
      },
      buffer: (bytes) => {
        used = spare !== null && spare.length >= bytes ? spare : new Uint8Array(bytes);
        spare = null;
        return used;
      },
      leave: (keeps) => {
        if (mine === null) return;
        mine = null;
        leave(used?.length ?? 0);
        if (!keeps) spare = used ?? spare;
        free();
      },
    };
  };
};
