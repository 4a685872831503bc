import type { TierPromise } from "@spillway/event";
import type { Bug } from "./bug.ts";

/** Mistakes on the way back from the outbox into the stream. */
export const bugsOfTheDrain: Readonly<Record<string, Bug>> = {
  "the drain follows a cursor": {
    backends: (memory, { outboxDrain }) => {
      const cursor = new Map<number, number>();
      return {
        outboxDrain: {
          ...outboxDrain,
          drain: async (lease, rowsMax, move) => {
            const after = cursor.get(lease.shard) ?? 0;
            const rows = memory.outbox.rows(lease.shard).filter((row) => Number(row.id) > after);
            const shown = rows.slice(0, rowsMax);
            if (shown.length === 0) return { found: 0, removed: 0 };
            const moved = shown.slice(0, await move(shown));
            cursor.set(lease.shard, Number(moved.at(-1)?.id ?? after));
            return { found: shown.length, removed: memory.outbox.remove(moved) };
          },
        },
      };
    },
  },

  "rows are moved into a Redis that keeps nothing": {
    relay: (ports) => ({
      ...ports,
      shardStream: {
        ...ports.shardStream,
        promise: async () => {
          await ports.shardStream.promise();
          return { state: "kept" };
        },
      },
    }),
  },

  "a drain asks only before it moves rows whether the stream keeps them": {
    relay: ({ shardStream, ...ports }) => {
      let before: TierPromise | null = null;
      const promise = async (): Promise<TierPromise> => {
        const known = before;
        before = known === null ? await shardStream.promise() : null;
        return known ?? before ?? { state: "kept" };
      };
      return { ...ports, shardStream: { ...shardStream, promise } };
    },
  },

  "outbox rows are deleted before their append is confirmed": {
    backends: (memory, { outboxDrain }) => ({
      outboxDrain: {
        ...outboxDrain,
        drain: async (lease, rowsMax, move) => {
          const rows = memory.outbox.rows(lease.shard).slice(0, rowsMax);
          if (rows.length === 0) return { found: 0, removed: 0 };
          const removed = memory.outbox.remove(rows);
          await move(rows);
          return { found: rows.length, removed };
        },
      },
    }),
  },

  "the drain takes rows in any order": {
    backends: (_memory, { outboxDrain }) => ({
      outboxDrain: {
        ...outboxDrain,
        drain: (lease, _rowsMax, move) =>
          outboxDrain.drain(lease, 1_000, async (rows) => {
            const moved = await move([...rows].reverse());
            return moved === rows.length ? moved : 0;
          }),
      },
    }),
  },

  "no shard is diverted while its outbox is drained": {
    backends: ({ streams }, { shardStream }) => ({
      shardStream: {
        ...shardStream,
        divert: async (lease) => (streams.holds(lease) ? { kind: "diverted", stamp: "none" } : { kind: "fenced" }),
        endDiversion: (lease, stamp) => shardStream.endDiversion(lease, streams.diversion(lease.shard) ?? stamp),
      },
    }),
  },

  "a diversion ends although an edge has raised it since": {
    backends: ({ streams }, { shardStream }) => ({
      shardStream: {
        ...shardStream,
        endDiversion: (lease, stamp) => shardStream.endDiversion(lease, streams.diversion(lease.shard) ?? stamp),
      },
    }),
  },

  "a diversion ends before the outbox is empty": {
    relay: (ports) => ({
      ...ports,
      outboxDrain: {
        ...ports.outboxDrain,
        drain: async (lease, _rowsMax, move) => {
          const answer = await ports.outboxDrain.drain(lease, 1, move);
          return answer.removed > 0 ? { found: 0, removed: 0 } : answer;
        },
      },
    }),
  },

  "settle, divert and append do not look at the lease": {
    backends: (memory, { shardStream }) => ({
      shardStream: {
        ...shardStream,
        settle: async ({ shard }, settled) => {
          memory.streams.settle(shard, settled);
          return "ok";
        },
        divert: async ({ shard }) => ({ kind: "diverted", stamp: memory.streams.divert(shard) }),
        endDiversion: async ({ shard }, stamp) => (memory.streams.endDiversion(shard, stamp) ? "ok" : "renewed"),
        append: async (_lease, chunk) => memory.streams.append(chunk, true),
      },
    }),
  },
};
