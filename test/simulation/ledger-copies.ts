import type { ShardCounts } from "@spillway/event";
import type { MemoryWorld } from "@spillway/memory";

const pending = (counts: ShardCounts): number => counts.accepted - counts.relayed - counts.dead - counts.parked;
const progress = (counts: ShardCounts): number => counts.accepted + counts.relayed + counts.dead + counts.parked;

/** The furthest copy of one birth of a stream. A copy read before the end of that birth may be written after it. */
type Birth = { inTime: ShardCounts | null; ever: ShardCounts };

/**
 * What the ledger must say is unaccounted: of each birth of a stream but the present one, what was pending in its
 * furthest copy. Counters of one birth only grow, so the furthest copy is the last, in whatever order they were written.
 */
export const createLedgerCopies = (streams: MemoryWorld["streams"]) => {
  const births = new Map<number, Map<string, Birth>>();

  const further = (a: ShardCounts | null, b: ShardCounts): ShardCounts => (a && progress(a) >= progress(b) ? a : b);

  return {
    /** A copy is being written. */
    written: (shard: number, counts: ShardCounts): void => {
      if (counts.epoch === null) return;
      const ofShard = births.get(shard) ?? new Map<string, Birth>();
      births.set(shard, ofShard);
      const birth = ofShard.get(counts.epoch) ?? { inTime: null, ever: counts };
      birth.ever = further(birth.ever, counts);
      if (streams.counts(shard).epoch === counts.epoch) birth.inTime = further(birth.inTime, counts);
      ofShard.set(counts.epoch, birth);
    },
    /** Whether there is a copy of the present birth. */
    isCurrent: (shard: number): boolean => births.get(shard)?.has(streams.counts(shard).epoch ?? "") ?? false,
    /** Copies that were written only after a stream was emptied may count or not. */
    unaccounted: (shard: number): { readonly least: number; readonly most: number } => {
      const { epoch } = streams.counts(shard);
      let least = 0;
      let most = 0;
      for (const [name, { inTime, ever }] of births.get(shard) ?? []) {
        if (name === epoch) continue;
        const both = [inTime ? pending(inTime) : 0, pending(ever)];
        least += Math.min(...both);
        most += Math.max(...both);
      }
      return { least, most };
    },
  };
};

export type LedgerCopies = ReturnType<typeof createLedgerCopies>;
