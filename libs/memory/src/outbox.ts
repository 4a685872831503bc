import type { Clock, OutboxRow, OutboxSize, ShardChunk } from "@spillway/event";

type Row = OutboxRow & { readonly insertedAtMs: number };

export type Outbox = ReturnType<typeof createOutbox>;

/** The outbox table. Ids come from a sequence, so a lower id may well appear after a higher one. */
export const createOutbox = (clock: Clock) => {
  let committed: Row[] = [];
  const watchers = new Set<() => void>();
  let sequence = 0;

  /** A transaction of an application or a slow edge: its ids are taken at the insert, its rows appear at the commit. */
  const begin = () => {
    const inserted: Row[] = [];
    return {
      insert: ({ shard, chunk, events }: ShardChunk): void => {
        inserted.push({ id: String(++sequence), shard, chunk, events, insertedAtMs: clock.wallMs() });
      },
      commit: () => {
        committed.push(...inserted.splice(0));
        committed.sort((a, b) => Number(a.id) - Number(b.id));
        for (const onRows of [...watchers]) onRows();
      },
      rollback: () => void inserted.splice(0),
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
    size: (): OutboxSize => ({
      events: committed.reduce((sum, row) => sum + row.events, 0),
      bytes: committed.reduce((sum, row) => sum + row.chunk.length, 0),
      oldestAtMs: committed.length === 0 ? null : Math.min(...committed.map((row) => row.insertedAtMs)),
    }),
    watch: (onRows: () => void) => {
      watchers.add(onRows);
      return () => void watchers.delete(onRows);
    },
  };
};
