import {
  answersClients,
  type Clock,
  type Judged,
  type Position,
  type Total,
  unionOf,
  type WriterRow,
} from "@spillway/event";
import type { Advance } from "./outbox-tier.ts";

/** Of whom is written again that it lives. */
const LIVES_FOR_MS = 600_000;

type Row = Required<Position> & {
  readonly had: number;
  readonly inRedis: number;
  readonly seenAtMs: number;
  readonly isRetired: boolean;
};
type Who = Pick<Position, "shard" | "writer">;

const UNHEARD = { acknowledged: 0, had: 0, inRedis: 0, ended: [], givenUp: false, seenAtMs: 0, isRetired: false };

const keyOf = ({ shard, writer }: Who): string => `${shard} ${writer}`;

/** What the ledger knows of each writer of each shard. */
export const createWriterRows = (clock: Clock) => {
  let rows = new Map<string, Row>();

  const rowOf = ({ shard, writer }: Who): Row => rows.get(keyOf({ shard, writer })) ?? { ...UNHEARD, shard, writer };

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
    advance,
    record: (position: Position): void => {
      const row = rowOf(position);
      const acknowledged = Math.max(row.acknowledged, position.acknowledged > row.had ? position.acknowledged : 0);
      const ended = unionOf(row.ended, position.ended);
      const givenUp = row.givenUp || position.givenUp === true;
      const isLate = position.acknowledged > 0 && !givenUp && clock.wallMs() - row.seenAtMs > LIVES_FOR_MS;
      const isSame =
        acknowledged === row.acknowledged && String(ended) === String(row.ended) && givenUp === row.givenUp;
      if (isSame && !isLate && rows.has(keyOf(position))) return;
      const news = { acknowledged, ended, givenUp, seenAtMs: clock.wallMs(), isRetired: false };
      rows.set(keyOf(position), { ...row, ...news });
    },
    /** Redis has so many of those that are known, and of edges that have told nothing yet. */
    seen: (shard: number, totals: readonly Total[]): void => {
      for (const [writer, total] of totals) {
        const known = rows.get(keyOf({ shard, writer }));
        if (!known && !answersClients(writer)) continue;
        const row = known ?? { ...rowOf({ shard, writer }), seenAtMs: clock.wallMs() };
        rows.set(keyOf(row), { ...row, inRedis: Math.max(row.inRedis, total) });
      }
    },
    of: (shard: number, totals: readonly Total[]): WriterRow[] => {
      const inRedis = new Set(totals.map(([writer]) => writer));
      return [...rows.values()].flatMap(({ shard: of, seenAtMs, isRetired, ...row }) =>
        of === shard && (!isRetired || inRedis.has(row.writer))
          ? [{ ...row, forgiven: [], idleMs: clock.wallMs() - seenAtMs }]
          : [],
      );
    },
    retire: (shard: number, judged: Judged): void => {
      const row = asJudged(shard, judged);
      if (row) rows.set(keyOf(row), { ...row, isRetired: true });
    },
    /** Answers whether the row was as it was judged, and is gone. */
    remove: (shard: number, judged: Judged): boolean =>
      asJudged(shard, judged) !== null && rows.delete(keyOf({ shard, writer: judged.writer })),
    remember: (): (() => void) => {
      const then = new Map(rows);
      return () => {
        rows = new Map(then);
      };
    },
  };
};
