import { type Clock, type Ledger, type Loss, lostOf, type Position } from "@spillway/event";
import type { Outages } from "./outages.ts";
import type { Advance } from "./outbox-tier.ts";
import { createOwners, type Owners } from "./owners.ts";
import { createWriterRows } from "./writer-rows.ts";

/** By the last copy that knew. */
type Found = { readonly losses: readonly Loss[]; readonly possible: readonly Loss[] };

const NOTHING: Found = { losses: [], possible: [] };

/** What stands in it, for a test to look at and for ports that write to it in a step of their own. */
export type MemoryLedger = {
  unaccounted(shard: number): number;
  losses(shard: number): readonly Loss[];
  possible(shard: number): number;
  keep(positions: readonly Position[]): void;
  readonly owners: Pick<Owners, "owner" | "taken">;
  /** How many events of a writer have been in the outbox. */
  readonly advance: Advance;
  /** All as it is now, and what brings it back. */
  remember(): () => void;
};

/** The ledger, and what it says without writing to it. */
export const createLedger = (clock: Clock, outages: Outages): Ledger & MemoryLedger => {
  const owners = createOwners();
  const rows = createWriterRows(clock);
  let found = new Map<number, Found>();
  let folded = new Map<number, number>();

  const foundOf = (shard: number): Found => found.get(shard) ?? NOTHING;

  const keep = (positions: readonly Position[]): void => {
    for (const position of positions) rows.record(position);
  };

  return {
    record: outages.behind("postgres", keep),
    keep,
    owners,
    checkpoint: outages.behind("postgres", (lease, sequence, { counts, losses, possible = [] }) => {
      const { shard } = lease;
      const late = owners.copied(lease, sequence);
      if (!late) rows.seen(shard, counts.totals);
      if (!late && losses !== null) found.set(shard, { losses, possible });
      const token = owners.owner(shard);
      return { token, late, writers: rows.of(shard, counts.totals), folded: folded.get(shard) ?? 0 };
    }),
    retire: outages.behind("postgres", (shard, judged) => {
      for (const one of judged) rows.retire(shard, one);
    }),
    fold: outages.behind("postgres", (shard, gone) => {
      for (const one of gone) if (rows.remove(shard, one)) folded.set(shard, (folded.get(shard) ?? 0) + one.lost);
    }),
    losses: (shard) => foundOf(shard).losses,
    possible: (shard) => lostOf(foundOf(shard).possible),
    advance: rows.advance,
    remember: () => {
      const back = [owners.remember(), rows.remember()];
      const then = [new Map(found), new Map(folded)] as const;
      return () => {
        for (const bringBack of back) bringBack();
        [found, folded] = [new Map(then[0]), new Map(then[1])];
      };
    },
    unaccounted: (shard) => (folded.get(shard) ?? 0) + lostOf(foundOf(shard).losses),
  };
};
