import {
  type Clock,
  type Judged,
  type Lease,
  type Ledger,
  type Loss,
  lostOf,
  missingOf,
  type Position,
  type Total,
  unionOf,
  type WriterRow,
} from "@spillway/event";
import type { Outages } from "./outages.ts";

type Copy = { readonly token: number; readonly sequence: number };
type Row = Required<Position> & { readonly seenAtMs: number; readonly isRetired: boolean };

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
    const known = rows.get(key);
    const { acknowledged = 0, ended = [], givenUp = false } = known ?? {};
    const isNews =
      known === undefined ||
      missingOf(Number.MAX_SAFE_INTEGER, ended).some(([from, below]) =>
        position.ended.some((one) => one[0] < below && one[1] > from),
      ) ||
      (position.givenUp === true && !givenUp) ||
      (position.acknowledged > 0 && position.acknowledged >= acknowledged);
    if (!isNews) return;
    rows.set(key, {
      ...position,
      acknowledged: Math.max(acknowledged, position.acknowledged),
      ended: unionOf(ended, position.ended),
      givenUp: givenUp || position.givenUp === true,
      seenAtMs: clock.wallMs(),
      isRetired: false,
    });
  };

  const keep = (positions: readonly Position[]): void => {
    for (const position of positions) record(position);
  };

  const writersOf = (shard: number, totals: readonly Total[]): WriterRow[] => {
    const inRedis = new Set(totals.map(([writer]) => writer));
    return [...rows.values()].flatMap(({ shard: of, seenAtMs, isRetired, ...row }) =>
      of === shard && (!isRetired || inRedis.has(row.writer))
        ? [{ ...row, forgiven: [], idleMs: clock.wallMs() - seenAtMs }]
        : [],
    );
  };

  const asJudged = (shard: number, { writer, acknowledged, ended }: Judged): Row | null => {
    const row = rows.get(keyOf({ shard, writer }));
    return row?.acknowledged === acknowledged && String(row.ended) === String(ended) ? row : null;
  };

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
      return { token: standing, late, writers: writersOf(shard, copy.counts.totals), folded: folded.get(shard) ?? 0 };
    }),
    retire: outages.behind("postgres", (shard, judged) => {
      for (const row of judged.flatMap((one) => asJudged(shard, one) ?? []))
        rows.set(keyOf(row), { ...row, isRetired: true });
    }),
    fold: outages.behind("postgres", (shard, gone) => {
      for (const one of gone) {
        if (!asJudged(shard, one)) continue;
        rows.delete(keyOf({ shard, writer: one.writer }));
        folded.set(shard, (folded.get(shard) ?? 0) + one.lost);
      }
    }),
    losses: (shard) => losses.get(shard) ?? [],
    unaccounted: (shard) => (folded.get(shard) ?? 0) + lostOf(losses.get(shard) ?? []),
  };
};
