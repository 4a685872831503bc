import type { Lease, Ledger, ShardCounts } from "@spillway/event";
import type { Outages } from "./outages.ts";

const pending = (counts: ShardCounts): number => counts.accepted - counts.relayed - counts.dead - counts.parked;

/** Counters only grow and an epoch is written once: what contradicts that was in the last copy and is gone. */
const goneSince = (last: ShardCounts, now: ShardCounts): number => {
  if (now.epoch !== last.epoch) return pending(last);
  if (now.accepted < last.accepted) return Math.min(last.accepted - now.accepted, pending(last));
  return now.relayed < last.relayed || now.dead < last.dead || now.parked < last.parked ? pending(last) : 0;
};

type Copy = { readonly token: number; readonly sequence: number; readonly counts: ShardCounts };

const isBehind = ({ token }: Lease, sequence: number, last: Copy): boolean =>
  token < last.token || (token === last.token && sequence <= last.sequence);

/** The ledger, and what it says without writing to it. */
export const createLedger = (outages: Outages): Ledger & { unaccounted(shard: number): number } => {
  const copies = new Map<number, Copy & { readonly unaccounted: number }>();
  return {
    checkpoint: outages.behind("postgres", (lease, sequence, counts) => {
      const { shard, token } = lease;
      const last = copies.get(shard);
      if (last && isBehind(lease, sequence, last))
        return { unaccounted: last.unaccounted, token: last.token, late: true };
      const unaccounted = last ? last.unaccounted + goneSince(last.counts, counts) : 0;
      copies.set(shard, { token, sequence, counts, unaccounted });
      return { unaccounted, token, late: false };
    }),
    unaccounted: (shard) => copies.get(shard)?.unaccounted ?? 0,
  };
};
