import type { Clock, Lease, Leases } from "@spillway/event";
import type { Outages } from "./outages.ts";

export type LeaseTable = ReturnType<typeof createLeaseTable>;

/** Who owns which shard, and which owners there are: what the lease script keeps in Redis. */
export const createLeaseTable = (clock: Clock) => {
  const leases = new Map<number, Lease & { readonly expiresAtMs: number }>();
  const lastTokens = new Map<number, number>();
  const owners = new Map<string, number>();

  const holds = (lease: Lease): boolean => {
    const held = leases.get(lease.shard);
    return held?.owner === lease.owner && held.token === lease.token && held.expiresAtMs > clock.wallMs();
  };

  return {
    holds,
    /** The first token is the clock's: counting starts over when the streams are emptied. */
    take: (shard: number, owner: string, ttlMs: number, above = 0): Lease | null => {
      const nowMs = clock.wallMs();
      const held = leases.get(shard);
      if (held && held.owner !== owner && held.expiresAtMs > nowMs) return null;
      const token = Math.max(lastTokens.get(shard) ?? Math.floor(nowMs) - 1, above) + 1;
      lastTokens.set(shard, token);
      leases.set(shard, { shard, owner, token, expiresAtMs: nowMs + ttlMs });
      return { shard, owner, token };
    },
    renew: (lease: Lease, ttlMs: number): boolean => {
      if (!holds(lease)) return false;
      leases.set(lease.shard, { ...lease, expiresAtMs: clock.wallMs() + ttlMs });
      return true;
    },
    release: (lease: Lease): void => {
      if (holds(lease)) leases.delete(lease.shard);
    },
    announce: (owner: string, ttlMs: number): string[] => {
      const nowMs = clock.wallMs();
      owners.set(owner, nowMs + ttlMs);
      for (const [name, expiresAtMs] of owners) if (expiresAtMs <= nowMs) owners.delete(name);
      return [...owners.keys()].sort();
    },
    withdraw: (owner: string) => void owners.delete(owner),
    /** Answers what brings back how it is now. */
    remember: () => {
      const [leasesThen, tokensThen, ownersThen] = [new Map(leases), new Map(lastTokens), new Map(owners)];
      return (): void => {
        leases.clear();
        lastTokens.clear();
        owners.clear();
        for (const [shard, lease] of leasesThen) leases.set(shard, lease);
        for (const [shard, token] of tokensThen) lastTokens.set(shard, token);
        for (const [owner, untilMs] of ownersThen) owners.set(owner, untilMs);
      };
    },
    /** Forgets everything, tokens too. */
    empty: () => {
      leases.clear();
      lastTokens.clear();
      owners.clear();
    },
  };
};

export const createLeases = (table: LeaseTable, { behind }: Outages): Leases => ({
  announce: behind("redis", table.announce),
  withdraw: behind("redis", table.withdraw),
  take: behind("redis", table.take),
  renew: behind("redis", table.renew),
  release: behind("redis", table.release),
});
