import type { CommitParts } from "./committer.ts";
import type { RefusalCode, TierName } from "./result.ts";

/** Where a shard's next chunk goes: to a tier, nowhere for a moment (`hold`), or back to its sender with a code. */
export type Route = TierName | "hold" | RefusalCode;

/**
 * The stream while it is up and the shard is open, else the outbox while it is up and has room. A diverted shard never
 * goes to the stream, not even when the outbox is down: its earlier events may still wait there.
 */
export const routeOf = (shard: number, { gate, stream, outbox, meter }: CommitParts): Route => {
  if (gate.isOpen(shard) && stream.isUp()) return "stream";
  if (gate.isHeld(shard)) return "hold";
  if (!outbox.isUp()) return "unavailable";
  return meter.isFull() ? "backlog_full" : "outbox";
};

/** Narrows to the routes that end here. */
export const isRefusal = (route: Route): route is RefusalCode =>
  route !== "stream" && route !== "outbox" && route !== "hold";
