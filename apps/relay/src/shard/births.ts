import type { RelayParts } from "../parts.ts";
import type { Trouble } from "../troubles.ts";
import type { OpenShard } from "./open-shards.ts";

/** A loss is seen within this, and a little. */
const BIRTH_MS = 250;

/** Whether the relay has something to do, or to mend. */
export const isAtWork = (open: readonly OpenShard[], troubles: () => readonly Trouble[]): boolean =>
  open.some(({ pump, drain }) => pump.entries > 0 || drain.diversion !== "ended" || pump.lots.all().length > 0) ||
  troubles().length > 0;

/** Looks whether another server answers for the shards; while nothing happens for stamps that edges have left behind, too. */
export const watchBirths = async (
  { activity, start }: Pick<RelayParts, "activity" | "start">,
  shards: () => readonly OpenShard[],
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    const open = shards();
    if (activity.isIdle()) for (const { drain } of open) start(drain.run(false));
    await Promise.all(open.map(({ birthWatch }) => birthWatch.look()));
    await activity.sleep(BIRTH_MS, signal);
  }
};
