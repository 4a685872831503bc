import type { Metrics } from "@spillway/telemetry";
import type { GroupSight } from "./groups.ts";

/** What is not known has no number. */
export const showGroups = (metrics: Metrics, sight: () => GroupSight): void => {
  const lag = metrics.gauge(
    "spillway_consumer_group_lag",
    "Records that a consumer group has not read of a topic, as far as it is known.",
    ["group", "topic"],
  );
  let shown: { readonly group: string; readonly topic: string }[] = [];
  metrics.beforeExpose(async () => {
    for (const labels of shown) lag.remove(labels);
    shown = [];
    for (const { group, topic, records } of sight().lags ?? []) {
      if (records === null) continue;
      lag.set(records, { group, topic });
      shown.push({ group, topic });
    }
  });
};
