import type { TierPromise } from "@spillway/event";

/** A tier as an edge sees it: `down` also when its breaker is open. */
export type TierRow = {
  readonly status: "up" | "down";
  readonly warnings: readonly string[];
  /** Whether it keeps what it takes; null where it was not to be heard. */
  readonly promise: TierPromise | null;
  readonly for_ms: number;
};

/** Requests that were told to come again for one reason, from the first of a run to the last. */
export type RefusalRun = {
  readonly code: string;
  readonly requests: number;
  readonly for_ms: number;
  readonly last_ms_ago: number;
};

/** What an edge says of itself in `/readyz` (apps/edge/README.md). */
export type EdgeReadiness = {
  readonly status: "up" | "degraded" | "down" | "stopping";
  readonly checks: Readonly<Record<"stream" | "outbox", TierRow>>;
  /** The best place that it sends events to by the stream's promise. */
  readonly events_go_to: "stream" | "outbox" | "nowhere";
  readonly diverted_shards: number;
  readonly refusals: { readonly requests: number; readonly runs: readonly RefusalRun[] };
  readonly limits: Readonly<
    Record<"backlog_events_max" | "backlog_bytes_max" | "outbox_events_max" | "outbox_bytes_max", number>
  >;
};
