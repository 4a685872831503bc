import { setTimeout as sleep } from "node:timers/promises";
import type { Layout } from "./layout.ts";
import { type LockAttempt, takeLock } from "./lock.ts";
import { readStackState } from "./stack-state.ts";

const POLL_MS = 200;

/**
 * The lock of that name, or who holds it in a stack that is ready. A holder that is still starting or already stopping
 * is waited for: a start right after Ctrl-C starts.
 */
export const takeTurn = async (layout: Layout, name: string, onWait: () => void): Promise<LockAttempt> => {
  for (let isFirst = true; ; isFirst = false) {
    const attempt = await takeLock(layout.lock(name));
    if (attempt.kind === "held" || (await readStackState(layout.stackState))) return attempt;
    if (isFirst) onWait();
    await sleep(POLL_MS);
  }
};
