/**
 * `opening`: the store is being read. `resting`: nothing waits. `waiting`: for company, or for a retry, and the clock is set.
 * `sending`: a request is under way, the only one. `closed`: for good.
 */
export type Mode = "opening" | "resting" | "waiting" | "sending" | "closed";

const after: Readonly<Record<Mode, readonly Mode[]>> = {
  opening: ["resting", "closed"],
  resting: ["waiting", "sending", "closed"],
  waiting: ["waiting", "resting", "sending", "closed"],
  sending: ["resting", "closed"],
  closed: [],
};

export const createMode = () => {
  let mode: Mode = "opening";
  return {
    is: (...modes: readonly Mode[]): boolean => modes.includes(mode),
    to: (next: Mode): void => {
      if (!after[mode].includes(next)) throw new Error(`a client that is ${mode} cannot be ${next}`);
      mode = next;
    },
  };
};
