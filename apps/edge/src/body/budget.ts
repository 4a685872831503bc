/** What one body holds of the budget, from its announcement to its answer. */
export type Share = {
  /** Takes so many bytes more; false when they are not to be had, and then nothing was taken. */
  take(bytes: number): boolean;
  /** Whether so many bytes more are to be had now. */
  fits(bytes: number): boolean;
  /** Gives all of it back. To be called in every path; twice is once. */
  release(): void;
};

/** What all bodies in hand may hold together. */
export type BodyBudget = {
  /** `sender`: a key's name. */
  open(sender: string): Share;
  bytesInHand(): number;
};

/**
 * A body may grow as long as what is free afterwards is at least what its sender holds then, and the body once more. So
 * one sender gets half of the budget at most, the second one half of what he left, and whoever sends little finds room
 * when those who send much do not any more: of 64 MiB one key holds 7 bodies of 4 MiB, and all its small ones still
 * get in. (Switches share their buffers between ports by the same rule.)
 */
export const createBodyBudget = (bytesMax: number): BodyBudget => {
  const bySender = new Map<string, number>();
  let inHand = 0;
  const add = (sender: string, bytes: number): void => {
    inHand += bytes;
    bySender.set(sender, (bySender.get(sender) ?? 0) + bytes);
  };
  return {
    open: (sender) => {
      let own = 0;
      const fits = (bytes: number): boolean => {
        const senders = (bySender.get(sender) ?? 0) + bytes;
        return senders + own + bytes <= bytesMax - inHand - bytes;
      };
      return {
        fits,
        take: (bytes) => {
          if (!fits(bytes)) return false;
          own += bytes;
          add(sender, bytes);
          return true;
        },
        release: () => {
          add(sender, -own);
          own = 0;
        },
      };
    },
    bytesInHand: () => inHand,
  };
};
