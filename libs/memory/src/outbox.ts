import {
  type Clock,
  type Copy,
  copyKeysOf,
  type Keyed,
  type OutboxRow,
  type OutboxSize,
  type Position,
  type ShardChunk,
} from "@spillway/event";
import { createKeptCopies, type KeptCopy, type Row } from "./kept-copies.ts";

const sizeOf = (rows: readonly Row[]): OutboxSize => ({
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

  const rowOf = ({ shard, chunk, events, from }: ShardChunk): Row => {
    const row = { id: String(++sequence), shard, chunk, events, insertedAtMs: clock.wallMs() };
    return from ? { ...row, named: { writer: from.writer, numbers: [from.floor, from.floor + events] } } : row;
  };

  /** A transaction of an application or a slow edge: its ids are taken at the insert, its rows appear at the commit. */
  const begin = () => {
    const inserted: Row[] = [];
    const copied: KeptCopy[] = [];
    return {
      insert: (chunk: ShardChunk): void => void inserted.push(rowOf(chunk)),
      copy: (chunk: ShardChunk): void => {
        const [key = ""] = copyKeysOf([chunk]);
        copied.push({ ...rowOf(chunk), key });
      },
      commit: () => {
        for (const { chunk } of inserted) copies.takeAway(chunk);
        copies.put(copied.splice(0));
        committed.push(...inserted.splice(0));
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
    rows: (shard: number): OutboxRow[] => committed.filter((row) => row.shard === shard),
    /** Answers how many of them were there. */
    remove: (rows: readonly OutboxRow[]): number => {
      const ids = new Set(rows.map((row) => row.id));
      const before = committed.length;
      committed = committed.filter((row) => !ids.has(row.id));
      return before - committed.length;
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
