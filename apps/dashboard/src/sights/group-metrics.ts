import type { Clock } from "@spillway/event";
import type { Metrics } from "@spillway/telemetry";
import type { GroupSight } from "./groups.ts";

type Labels = { readonly group: string; readonly topic: string };

/** What is not known has no number. */
export const showGroups = (metrics: Metrics, sight: () => GroupSight, clock: Pick<Clock, "wallMs">): void => {
  const lag = metrics.gauge(
    "spillway_consumer_group_lag",
    "Records that a consumer group has not read of a topic, as far as it is known.",
    ["group", "topic"],
  );
  const still = metrics.gauge(
    "spillway_consumer_group_still_seconds",
    "For how long a consumer group is seen to read nothing of a topic although something waits for it.",
    ["group", "topic"],
  );
  let shown: Labels[] = [];
  metrics.beforeExpose(async () => {
    for (const labels of shown) for (const gauge of [lag, still]) gauge.remove(labels);
    shown = [];
    for (const { group, topic, records, stillSinceMs } of sight().lags ?? []) {
      if (records === null) continue;
      lag.set(records, { group, topic });
      still.set(stillSinceMs === null ? 0 : (clock.wallMs() - stillSinceMs) / 1_000, { group, topic });
      shown.push({ group, topic });
    }
  });
};
