import type { Lease, SinkRecord } from "@spillway/event";

/** What one relay must not do, looked at while it does it. */
export type Watch = {
  /** The server lent or renewed the lease. */
  leaseHeld(lease: Lease, ttlMs: number): void;
  leaseGivenUp(shard: number): void;
  /** To be called as a publish starts; answers what to call when its caller has the outcome. */
  publishStarts(topic: string, partition: number, records: readonly SinkRecord[]): () => void;
};

const shardOf = (record: SinkRecord): number => Number(record.headers["spillway-entry"]?.split("/", 1)[0]);

export const createWatch = (nowMs: () => number, violate: (violation: string) => void): Watch => {
  const heldUntilMs = new Map<number, number>();
  const underWay = new Set<string>();
  return {
    leaseHeld: ({ shard }, ttlMs) => void heldUntilMs.set(shard, nowMs() + ttlMs),
    leaseGivenUp: (shard) => void heldUntilMs.delete(shard),
    publishStarts: (topic, partition, records) => {
      const lane = `${topic}/${partition}`;
      if (underWay.has(lane)) violate(`two publishes under way for ${lane}`);
      underWay.add(lane);
      for (const shard of new Set(records.map(shardOf)))
        if (!(nowMs() < (heldUntilMs.get(shard) ?? 0)))
          violate(`a publish for shard ${shard} starts without its lease`);
      return () => void underWay.delete(lane);
    },
  };
};
