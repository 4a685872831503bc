import { setTimeout as sleep } from "node:timers/promises";

/** Asks until the answer is yes; false when it was not within the deadline. A rejection means no. */
export const until = async (isSo: () => Promise<boolean>, deadlineMs: number, pollMs = 50): Promise<boolean> => {
  const deadline = Date.now() + deadlineMs;
  while (!(await isSo().catch(() => false))) {
    if (Date.now() >= deadline) return false;
    await sleep(pollMs);
  }
  return true;
};
