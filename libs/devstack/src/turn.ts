import { systemClock } from "@spillway/event";
import type { Layout } from "./layout.ts";
import { type Lock, takeLock } from "./lock.ts";
import { findReadyStack, type StackRecord } from "./stack-record.ts";

const POLL_MS = 200;

export type Turn =
  | { readonly kind: "ours"; readonly lock: Lock }
  | { readonly kind: "taken"; readonly by: Required<StackRecord> };

/**
 * The right to run the stack of this folder, or who runs it. One that is still starting or already stopping is waited for: a
 * start right after Ctrl-C starts.
 */
export const takeTurn = async (layout: Layout, onWait: () => void): Promise<Turn> => {
  for (let isFirst = true; ; isFirst = false) {
    const lock = takeLock(layout.lock);
    if (lock) return { kind: "ours", lock };
    const by = await findReadyStack(layout.record);
    if (by) return { kind: "taken", by };
    if (isFirst) onWait();
    await systemClock.sleep(POLL_MS);
  }
};
