import {
  type Clock,
  type Judged,
  type Ledger,
  type Loss,
  lostOf,
  type Position,
  type Total,
  unionOf,
  type WriterRow,
} from "@spillway/event";
import type { Outages } from "./outages.ts";
import type { Advance } from "./outbox-tier.ts";
import { createOwners, type Owners } from "./owners.ts";

/** Of whom is written again that it lives. */
const LIVES_FOR_MS = 600_000;

type Row = Required<Position> & { readonly had: number; readonly seenAtMs: number; readonly isRetired: boolean };

const keyOf = ({ shard, writer }: Pick<Position, "shard" | "writer">): string => `${shard} ${writer}`;

/** What stands in it, for a test to look at and for ports that write to it in a step of their own. */
export type MemoryLedger = {
  unaccounted(shard: number): number;
  losses(shard: number): readonly Loss[];
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
  let losses = new Map<number, readonly Loss[]>();
  let folded = new Map<number, number>();
  let rows = new Map<string, Row>();

  const rowOf = ({ shard, writer }: Pick<Position, "shard" | "writer">): Row =>
    rows.get(keyOf({ shard, writer })) ?? {
      ...{ shard, writer, acknowledged: 0, had: 0, ended: [] },
      ...{ givenUp: false, seenAtMs: 0, isRetired: false },
    };

  const record = (position: Position): void => {
    const row = rowOf(position);
    const acknowledged = Math.max(row.acknowledged, position.acknowledged > row.had ? position.acknowledged : 0);
    const ended = unionOf(row.ended, position.ended);
    const givenUp = row.givenUp || position.givenUp === true;
    const isLate = position.acknowledged > 0 && !givenUp && clock.wallMs() - row.seenAtMs > LIVES_FOR_MS;
    const isSame = acknowledged === row.acknowledged && String(ended) === String(row.ended) && givenUp === row.givenUp;
    if (isSame && !isLate && rows.has(keyOf(position))) return;
    rows.set(keyOf(position), { ...row, acknowledged, ended, givenUp, seenAtMs: clock.wallMs(), isRetired: false });
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

  const asJudged = (shard: number, { writer, acknowledged, had, ended }: Judged): Row | null => {
    const row = rows.get(keyOf({ shard, writer }));
    const isSame = row?.acknowledged === acknowledged && row.had === had && String(row.ended) === String(ended);
    return isSame ? row : null;
  };

  const advance: Advance = (shard, writer, floor, events) => {
    const row = rowOf({ shard, writer });
    if (row.had !== floor) return false;
    rows.set(keyOf(row), { ...row, had: floor + events, seenAtMs: clock.wallMs() });
    return true;
  };

  return {
    record: outages.behind("postgres", keep),
    keep,
    owners,
    checkpoint: outages.behind("postgres", (lease, sequence, copy) => {
      const { shard } = lease;
      const late = owners.copied(lease, sequence);
      if (!late && copy.losses !== null) losses.set(shard, copy.losses);
      const token = owners.owner(shard);
      return { token, late, writers: writersOf(shard, copy.counts.totals), folded: folded.get(shard) ?? 0 };
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
    advance,
    remember: () => {
      const bringOwnersBack = owners.remember();
      const then = [new Map(losses), new Map(folded), new Map(rows)] as const;
      return () => {
        bringOwnersBack();
        [losses, folded, rows] = [new Map(then[0]), new Map(then[1]), new Map(then[2])];
      };
    },
    unaccounted: (shard) => (folded.get(shard) ?? 0) + lostOf(losses.get(shard) ?? []),
  };
};
