import type { Metrics } from "./metrics.ts";

/** What has a limit in events and in bytes: the metric that fills it stands beside it in the README's table. */
export type LimitName = "backlog" | "outbox" | "parked" | "queue";
export type Limits = { readonly [Name in LimitName]?: { readonly events: number; readonly bytes: number } };

/** Shows limits beside what fills them, so that an alert needs to know no setting. */
export const showLimits = (metrics: Metrics, limits: Limits): void => {
  const events = metrics.gauge("spillway_limit_events", "The most events of what is named.", ["of"]);
  const bytes = metrics.gauge("spillway_limit_bytes", "The most bytes of what is named.", ["of"]);
  for (const [of, limit] of Object.entries(limits)) {
    events.set(limit.events, { of });
    bytes.set(limit.bytes, { of });
  }
};
