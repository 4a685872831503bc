import { isWeak, type OnWeakRedis, type SealedEvent, type TierPromise } from "@spillway/event";
import type { CommitParts } from "./committer.ts";
import type { RefusalCode, TierName } from "./result.ts";

/** The best place that events may go to by what the stream's promise is worth. */
export type Reliance = TierName | "nowhere";

const onBroken: Readonly<Record<OnWeakRedis, Reliance>> = { outbox: "outbox", warn: "stream", refuse: "nowhere" };

/** An unknown promise is relied on: a server that does not tell its settings (Upstash) may well keep it. */
export const relianceOf = (promise: TierPromise["state"], onWeakRedis: OnWeakRedis): Reliance =>
  isWeak(promise) ? onBroken[onWeakRedis] : "stream";

/** Where a shard's next chunk goes: to a tier, nowhere for a moment (`hold`), or back to its sender with a code. */
export type Route = TierName | "hold" | RefusalCode;

/** What an event's route is told by, besides its shard's. */
export type CopySigns = RouteSigns & { readonly copies: Pick<CommitParts["copies"], "isUp"> };

type RouteSigns = {
  readonly belonging: Pick<CommitParts["belonging"], "mismatch">;
  readonly gate: Pick<CommitParts["gate"], "isOpen" | "isHeld">;
  readonly promise: Pick<CommitParts["promise"], "reliance">;
  readonly meter: Pick<CommitParts["meter"], "isFull">;
} & { readonly [Tier in TierName]: Pick<CommitParts[Tier], "isUp"> };

/**
 * The stream while it is up and the shard is open, else the outbox while it is up and has room. A diverted shard never
 * goes to the stream, not even when the outbox is down: its earlier events may still wait there. `stream.isUp` is false
 * while its promise is not to be relied on, so a weak Redis is gone round, and come back to, as one that is down.
 */
export const routeOf = (shard: number, { gate, stream, outbox, meter, promise, belonging }: RouteSigns): Route => {
  if (belonging.mismatch() !== null) return "wrong_installation";
  if (promise.reliance() === "nowhere") return "weak_redis";
  if (gate.isOpen(shard) && stream.isUp()) return "stream";
  if (gate.isHeld(shard)) return "hold";
  if (!outbox.isUp()) return "unavailable";
  return meter.isFull() ? "backlog_full" : "outbox";
};

/** As its shard's; but an event that must be in both goes nowhere unless both may be tried. */
export const routeOfEvent = (
  { shard, durability }: Pick<SealedEvent, "shard" | "durability">,
  signs: CopySigns,
): Route => {
  const route = routeOf(shard, signs);
  if (durability !== "required" || isRefusal(route)) return route;
  return route === "stream" && signs.copies.isUp() ? route : "both_unavailable";
};

/** Narrows to the routes that end here. */
export const isRefusal = (route: Route): route is RefusalCode =>
  route !== "stream" && route !== "outbox" && route !== "hold";
