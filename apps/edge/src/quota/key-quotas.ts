import type { Clock, UsageExchange } from "@spillway/event";
import type { Log, Metrics } from "@spillway/telemetry";
import { createKeyQuota, type KeyQuota, type Quota } from "./key-quota.ts";

/** What refuses again within this is no news. */
const NEWS_AFTER_MS = 10_000;

/** The quotas of keys, by their names. A key without one is none of their business. */
export const createKeyQuotas = (
  quotas: readonly Quota[],
  { clock, log, metrics }: { readonly clock: Clock; readonly log: Log; readonly metrics: Metrics },
) => {
  const refusedTotal = metrics.counter(
    "spillway_quota_refused_total",
    "Events beyond the quota of their key, by the key's name; of bodies that were not read as many as the key's requests have.",
    ["key"],
  );
  const open = (quota: Quota): KeyQuota => {
    let refusedAtMs = Number.NEGATIVE_INFINITY;
    return createKeyQuota(quota, clock, (events) => {
      refusedTotal.add(events, { key: quota.name });
      const nowMs = clock.monotonicMs();
      if (nowMs - refusedAtMs > NEWS_AFTER_MS) log("warn", "quota.exceeded", { key_name: quota.name });
      refusedAtMs = nowMs;
    });
  };
  const byName = new Map(quotas.map((quota) => [quota.name, open(quota)]));
  const exchange: UsageExchange = {
    due: () =>
      [...byName].flatMap(([name, quota]) => {
        const usage = quota.due();
        return usage === null ? [] : [{ name, usage }];
      }),
    heard: (name, ofAll) => byName.get(name)?.heard(ofAll),
  };
  return {
    /** Undefined: keys of this name may send as much as they like. */
    of: (name: string): KeyQuota | undefined => byName.get(name),
    /** Absent where no key has a quota. */
    exchange: byName.size > 0 ? exchange : undefined,
  };
};

export type KeyQuotas = ReturnType<typeof createKeyQuotas>;
