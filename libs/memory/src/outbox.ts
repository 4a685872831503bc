import type { Clock, OutboxRow, OutboxSize, ShardChunk } from "@spillway/event";

type Row = OutboxRow & { readonly number: number; readonly insertedAtMs: number };

/** A transaction of an application or a slow edge: its ids are taken at the insert, its rows appear at the commit. */
export type OutboxTransaction = {
  insert(chunk: ShardChunk): void;
  commit(): void;
  rollback(): void;
};

/** The outbox table. Ids come from a sequence, so a lower id may well appear after a higher one. */
export type Outbox = {
  begin(): OutboxTransaction;
  /** Committed rows of a shard, in id order. */
  rows(shard: number): OutboxRow[];
  /** Answers how many of them were there. */
  remove(rows: readonly OutboxRow[]): number;
  occupied(shards: readonly number[]): number[];
  size(): OutboxSize;
  watch(onRows: () => void): () => void;
};

export const createOutbox = (clock: Clock): Outbox => {
  let committed: Row[] = [];
  const watchers = new Set<() => void>();
  let sequence = 0;

  const begin = (): OutboxTransaction => {
    const inserted: Row[] = [];
    return {
      insert: ({ shard, chunk, events }) => {
        const number = ++sequence;
        inserted.push({ id: String(number), number, shard, chunk, events, insertedAtMs: clock.wallMs() });
      },
      commit: () => {
        committed.push(...inserted.splice(0));
        committed.sort((a, b) => a.number - b.number);
        for (const onRows of [...watchers]) onRows();
      },
      rollback: () => void inserted.splice(0),
    };
  };

  return {
    begin,
    rows: (shard) => committed.filter((row) => row.shard === shard),
    remove: (rows) => {
      const ids = new Set(rows.map((row) => row.id));
      const before = committed.length;
      committed = committed.filter((row) => !ids.has(row.id));
      return before - committed.length;
    },
    occupied: (shards) => shards.filter((shard) => committed.some((row) => row.shard === shard)),
    size: () => ({
      events: committed.reduce((sum, row) => sum + row.events, 0),
      bytes: committed.reduce((sum, row) => sum + row.chunk.length, 0),
      oldestAtMs: committed.length === 0 ? null : Math.min(...committed.map((row) => row.insertedAtMs)),
    }),
    watch: (onRows) => {
      watchers.add(onRows);
      return () => void watchers.delete(onRows);
    },
  };
};
