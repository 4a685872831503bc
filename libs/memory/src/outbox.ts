import {
  type Clock,
  type Copy,
  copyKeysOf,
  type Keyed,
  type OutboxRow,
  type OutboxSize,
  type Position,
  type ShardChunk,
  type Total,
} from "@spillway/event";
import { createKeptCopies, type KeptCopy, type Row } from "./kept-copies.ts";

/** Events of an outbox whose writer accounts for them. */
const putByOf = ({ putBy, events }: ShardChunk): Total | null => (putBy ? [putBy.writer, putBy.floor + events] : null);

const sizeOf = (rows: readonly Pick<Row, "chunk" | "events" | "insertedAtMs">[]): OutboxSize => ({
  events: rows.reduce((sum, row) => sum + row.events, 0),
  bytes: rows.reduce((sum, row) => sum + row.chunk.length, 0),
  oldestAtMs: rows.length === 0 ? null : Math.min(...rows.map((row) => row.insertedAtMs)),
});

export type Outbox = ReturnType<typeof createOutbox>;

/** The outbox table, and the copies beside it. Ids come from a sequence, so a lower id may well appear after a higher one. */
export const createOutbox = (clock: Clock, record: (positions: readonly Position[]) => void) => {
  let committed: Row[] = [];
  const copies = createKeptCopies(record);
  const watchers = new Set<() => void>();
  let sequence = 0;
  let server = 0;

  const rowOf = (put: ShardChunk): Row => {
    const { shard, chunk, events, from } = put;
    const row = { id: String(++sequence), shard, chunk, events, putBy: putByOf(put), insertedAtMs: clock.wallMs() };
    return from ? { ...row, named: { writer: from.writer, numbers: [from.floor, from.floor + events] } } : row;
  };

  /** A transaction of an application or a slow edge: its ids are taken at the insert, its rows appear at the commit. */
  const begin = () => {
    const inserted: Row[] = [];
    const copied: KeptCopy[] = [];
    const began = server;
    return {
      insert: (chunk: ShardChunk): void => void inserted.push(rowOf(chunk)),
      copy: (chunk: ShardChunk): void => {
        const [key = ""] = copyKeysOf([chunk]);
        copied.push({ ...rowOf(chunk), key });
      },
      /** It began on another server, so that nothing of it can be committed. */
      isLost: (): boolean => began !== server,
      /** What it holds, or what of it is meant. */
      commit: (isMeant: (row: OutboxRow) => boolean = () => true): void => {
        if (began !== server) return;
        const meant = inserted.splice(0).filter(isMeant);
        for (const { chunk } of meant) copies.takeAway(chunk);
        copies.put(copied.splice(0));
        committed.push(...meant);
        committed.sort((a, b) => Number(a.id) - Number(b.id));
        for (const onRows of [...watchers]) onRows();
      },
      rollback: () => {
        inserted.splice(0);
        copied.splice(0);
      },
    };
  };

  return {
    begin,
    /** Committed rows of a shard, in id order. */
    rows: (shard: number): Row[] => committed.filter((row) => row.shard === shard),
    /** Answers how many of them were there. */
    remove: (rows: readonly OutboxRow[]): number => {
      const before = committed.length;
      // The very rows: a server that went back gives their ids again.
      committed = committed.filter((row) => !rows.includes(row));
      return before - committed.length;
    },
    /** All as it is now, ids that will be given included, and what brings it back. */
    remember: (): (() => void) => {
      const [rows, bringCopiesBack, given] = [[...committed], copies.remember(), sequence];
      return () => {
        [committed, sequence, server] = [[...rows], given, server + 1];
        bringCopiesBack();
      };
    },
    occupied: (shards: readonly number[]) => shards.filter((shard) => committed.some((row) => row.shard === shard)),
    size: (): OutboxSize => sizeOf(committed),
    /** Committed copies of a shard, in id order. */
    copies: (shard: number): readonly KeptCopy[] => copies.all().filter((copy) => copy.shard === shard),
    copiesSize: (): OutboxSize => sizeOf(copies.all()),
    keep: (keyed: readonly Keyed[]): void => copies.keep(committed, keyed),
    rekey: (keyed: readonly Keyed[]): void => copies.rekey(keyed),
    removeCopies: (isMeant: (copy: Copy) => boolean): void => copies.remove(isMeant),
    watch: (onRows: () => void) => {
      watchers.add(onRows);
      return () => void watchers.delete(onRows);
    },
  };
};
