import {
  type Clock,
  type Lease,
  type Ledger,
  type Loss,
  lostOf,
  missingOf,
  type Position,
  unionOf,
  type WriterRow,
} from "@spillway/event";
import type { Outages } from "./outages.ts";

type Copy = { readonly token: number; readonly sequence: number };
type Row = Position & { readonly seenAtMs: number };

const isBehind = ({ token }: Lease, sequence: number, last: Copy): boolean =>
  token < last.token || (token === last.token && sequence <= last.sequence);

const keyOf = ({ shard, writer }: Pick<Position, "shard" | "writer">): string => `${shard} ${writer}`;

/** What stands in it, for a test to look at and for ports that write to it in a step of their own. */
type MemoryLedger = {
  unaccounted(shard: number): number;
  losses(shard: number): readonly Loss[];
  keep(positions: readonly Position[]): void;
};

/** The ledger, and what it says without writing to it. */
export const createLedger = (clock: Clock, outages: Outages): Ledger & MemoryLedger => {
  const copies = new Map<number, Copy>();
  const losses = new Map<number, readonly Loss[]>();
  const folded = new Map<number, number>();
  const rows = new Map<string, Row>();

  const record = (position: Position): void => {
    const key = keyOf(position);
    const { acknowledged, ended, seenAtMs } = rows.get(key) ?? {
      acknowledged: 0,
      ended: [],
      seenAtMs: clock.wallMs(),
    };
    const isNews =
      missingOf(Number.MAX_SAFE_INTEGER, ended).some(([from, below]) =>
        position.ended.some((one) => one[0] < below && one[1] > from),
      ) ||
      (position.acknowledged > 0 && position.acknowledged >= acknowledged);
    rows.set(key, {
      ...position,
      acknowledged: Math.max(acknowledged, position.acknowledged),
      ended: unionOf(ended, position.ended),
      seenAtMs: isNews ? clock.wallMs() : seenAtMs,
    });
  };

  const keep = (positions: readonly Position[]): void => {
    for (const position of positions) record(position);
  };

  const writersOf = (shard: number): WriterRow[] =>
    [...rows.values()].flatMap(({ shard: of, seenAtMs, ...row }) =>
      of === shard ? [{ ...row, forgiven: [], idleMs: clock.wallMs() - seenAtMs }] : [],
    );

  return {
    record: outages.behind("postgres", keep),
    keep,
    checkpoint: outages.behind("postgres", (lease, sequence, copy) => {
      const { shard, token } = lease;
      const last = copies.get(shard);
      const late = last !== undefined && isBehind(lease, sequence, last);
      if (!late) copies.set(shard, { token, sequence });
      if (!late && copy.losses !== null) losses.set(shard, copy.losses);
      const standing = late ? last.token : token;
      return { token: standing, late, writers: writersOf(shard), folded: folded.get(shard) ?? 0 };
    }),
    fold: outages.behind("postgres", (shard, gone) => {
      for (const { writer, acknowledged, ended, lost } of gone) {
        const row = rows.get(keyOf({ shard, writer }));
        if (row?.acknowledged !== acknowledged || String(row.ended) !== String(ended)) continue;
        rows.delete(keyOf({ shard, writer }));
        folded.set(shard, (folded.get(shard) ?? 0) + lost);
      }
    }),
    losses: (shard) => losses.get(shard) ?? [],
    unaccounted: (shard) => (folded.get(shard) ?? 0) + lostOf(losses.get(shard) ?? []),
  };
};
