import type { Leases } from "@spillway/event";
import type { Outages } from "./outages.ts";
import type { Streams } from "./streams.ts";

export const createLeases = (streams: Streams, outages: Outages): Leases => ({
  announce: async (owner, ttlMs) => {
    outages.check("redis");
    return streams.announce(owner, ttlMs);
  },
  withdraw: async (owner) => {
    outages.check("redis");
    streams.withdraw(owner);
  },
  take: async (shard, owner, ttlMs) => {
    outages.check("redis");
    return streams.take(shard, owner, ttlMs);
  },
  renew: async (lease, ttlMs) => {
    outages.check("redis");
    return streams.renew(lease, ttlMs);
  },
  release: async (lease) => {
    outages.check("redis");
    streams.release(lease);
  },
});
