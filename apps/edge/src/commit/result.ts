import type { Tier } from "@spillway/event";

/** Where an event goes; copies go beside the stream. */
export type TierName = Exclude<Tier["name"], "copies">;

/** What has an event: `both` are the stream and the copies. */
export type Held = TierName | "both";

/**
 * Why an event was not stored although nothing is wrong with it.
 *
 * - `unavailable`: no tier recorded it in time. It may be stored nevertheless (a timeout means unknown).
 * - `overloaded`: the edge has more waiting than it can commit in time. It is not stored.
 * - `backlog_full`: the outbox is at its limit. It is not stored.
 * - `weak_redis`: Redis does not keep what it takes, and the edge is told to refuse then. It is not stored.
 * - `both_unavailable`: it must be in both tiers, and is not. It may be in one.
 * - `quota_exceeded`: keys of its name have sent as much as they may. It is not stored.
 * - `wrong_installation`: this edge, its Redis and its Postgres do not belong together. It is not stored.
 */
export type RefusalCode =
  | "unavailable"
  | "overloaded"
  | "backlog_full"
  | "weak_redis"
  | "both_unavailable"
  | "quota_exceeded"
  | "wrong_installation";

/** What came of one event. */
export type EventResult =
  | { readonly kind: "accepted" | "duplicate"; readonly tier: Held }
  | { readonly kind: "refused"; readonly code: RefusalCode };

const inTier = (kind: "accepted" | "duplicate"): Readonly<Record<Held, EventResult>> => ({
  stream: { kind, tier: "stream" },
  outbox: { kind, tier: "outbox" },
  both: { kind, tier: "both" },
});

/** One object per possible result, since a request may hold a thousand. */
export const accepted = inTier("accepted");
export const duplicate = inTier("duplicate");
export const refused: Readonly<Record<RefusalCode, EventResult>> = {
  unavailable: { kind: "refused", code: "unavailable" },
  overloaded: { kind: "refused", code: "overloaded" },
  backlog_full: { kind: "refused", code: "backlog_full" },
  weak_redis: { kind: "refused", code: "weak_redis" },
  both_unavailable: { kind: "refused", code: "both_unavailable" },
  quota_exceeded: { kind: "refused", code: "quota_exceeded" },
  wrong_installation: { kind: "refused", code: "wrong_installation" },
};
