import type { CommitterOptions } from "./committer.ts";

/** What may wait in memory at once. Beyond it the edge says no at once, instead of later or of growing. */
export const createAdmission = ({ queueEventsMax, queueBytesMax }: CommitterOptions) => {
  let waitingEvents = 0;
  let waitingBytes = 0;
  return {
    /** False when there is no room; then nothing has entered. */
    enter: (events: number, bytes: number): boolean => {
      if (waitingEvents + events > queueEventsMax || waitingBytes + bytes > queueBytesMax) return false;
      waitingEvents += events;
      waitingBytes += bytes;
      return true;
    },
    /** Whether nobody waits. */
    isEmpty: (): boolean => waitingEvents === 0,
    leave: (events: number, bytes: number): void => {
      waitingEvents -= events;
      waitingBytes -= bytes;
    },
  };
};
