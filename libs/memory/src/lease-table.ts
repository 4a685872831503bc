import type { Clock, Lease } from "@spillway/event";

type Held = Lease & { readonly expiresAtMs: number };

/** Who owns which shard, and which owners there are: what the lease script keeps in Redis. */
export type LeaseTable = {
  holds(lease: Lease): boolean;
  take(shard: number, owner: string, ttlMs: number): Lease | null;
  renew(lease: Lease, ttlMs: number): boolean;
  release(lease: Lease): void;
  announce(owner: string, ttlMs: number): string[];
  withdraw(owner: string): void;
};

/** A table that `empty` forgets, tokens too. */
export const createLeaseTable = (clock: Clock): LeaseTable & { empty(): void } => {
  const leases = new Map<number, Held>();
  const lastTokens = new Map<number, number>();
  const owners = new Map<string, number>();

  const holds = (lease: Lease): boolean => {
    const held = leases.get(lease.shard);
    return held?.owner === lease.owner && held.token === lease.token && held.expiresAtMs > clock.wallMs();
  };

  return {
    holds,
    /** The first token is the clock's, so that tokens grow although the streams were emptied and counting starts over. */
    take: (shard, owner, ttlMs) => {
      const nowMs = clock.wallMs();
      const held = leases.get(shard);
      if (held && held.owner !== owner && held.expiresAtMs > nowMs) return null;
      const token = (lastTokens.get(shard) ?? Math.floor(nowMs) - 1) + 1;
      lastTokens.set(shard, token);
      leases.set(shard, { shard, owner, token, expiresAtMs: nowMs + ttlMs });
      return { shard, owner, token };
    },
    renew: (lease, ttlMs) => {
      if (!holds(lease)) return false;
      leases.set(lease.shard, { ...lease, expiresAtMs: clock.wallMs() + ttlMs });
      return true;
    },
    release: (lease) => {
      if (holds(lease)) leases.delete(lease.shard);
    },
    announce: (owner, ttlMs) => {
      const nowMs = clock.wallMs();
      owners.set(owner, nowMs + ttlMs);
      for (const [name, expiresAtMs] of owners) if (expiresAtMs <= nowMs) owners.delete(name);
      return [...owners.keys()].sort();
    },
    withdraw: (owner) => void owners.delete(owner),
    empty: () => {
      leases.clear();
      lastTokens.clear();
      owners.clear();
    },
  };
};
