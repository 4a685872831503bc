import type { Lease, SinkRecord } from "@spillway/event";

/** What one relay must not do, looked at while it does it. */
export type Watch = {
  /** The server lent or renewed the lease. */
  leaseHeld(lease: Lease, ttlMs: number): void;
  leaseGivenUp(shard: number): void;
  /** The server obeyed a lease that it has given to somebody else, or to nobody. */
  wroteWithoutLease(lease: Lease): void;
  /** The relay was told that the shard is diverted. Asking for the end of it makes it uncertain. */
  diverted(lease: Lease): void;
  diversionEnds(lease: Lease): void;
  /** It ended although an edge has raised it for an event that is still in the outbox. */
  endedTooSoon(lease: Lease): void;
  /** The relay has read whether the outbox holds rows of a shard. */
  outboxRead(shard: number, hasRows: boolean): void;
  /** The drain moves a row into a shard. */
  drains(lease: Lease): void;
  /** To be called as a publish starts; answers what to call when its caller has the outcome. */
  publishStarts(topic: string, partition: number, records: readonly SinkRecord[]): () => void;
};

const shardOf = (record: SinkRecord): number => Number(record.headers["spillway-entry"]?.split("/", 1)[0]);

const nameOf = ({ shard, token }: Lease): string => `${shard}/${token}`;

export const createWatch = (nowMs: () => number, violate: (violation: string) => void): Watch => {
  const heldUntilMs = new Map<number, number>();
  /** Leases under which the shard is diverted: what is asked under a lost one does not happen. */
  const diverted = new Set<string>();
  const occupied = new Map<number, boolean>();
  const underWay = new Set<string>();
  return {
    leaseHeld: ({ shard }, ttlMs) => void heldUntilMs.set(shard, nowMs() + ttlMs),
    leaseGivenUp: (shard) => void heldUntilMs.delete(shard),
    wroteWithoutLease: ({ shard, token }) => violate(`shard ${shard} was written to under the lost lease ${token}`),
    diversionEnds: (lease) => {
      diverted.delete(nameOf(lease));
      if (occupied.get(lease.shard) !== false)
        violate(`the diversion of shard ${lease.shard} ends before rows of the outbox`);
    },
    endedTooSoon: ({ shard }) =>
      violate(`the diversion of shard ${shard} ended before an edge's row that it was raised for`),
    outboxRead: (shard, hasRows) => void occupied.set(shard, hasRows),
    diverted: (lease) => void diverted.add(nameOf(lease)),
    drains: (lease) => {
      if (!diverted.has(nameOf(lease)))
        violate(`a row is moved into shard ${lease.shard} without knowing that it is diverted`);
    },
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
