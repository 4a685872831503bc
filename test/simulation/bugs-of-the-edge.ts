import { type Appended, decodeChunk, type OutboxRow, type ShardChunk } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import type { MemoryWorld } from "@spillway/memory";
import type { Bug } from "./bug.ts";

const lastEntry = (memory: MemoryWorld, shard: number): string[] =>
  memory.streams
    .entriesAfter(shard, "0", 10_000)
    .slice(-1)
    .map((entry) => entry.id);

const forget = (memory: MemoryWorld, shard: number, entries: readonly string[]): void =>
  memory.streams.settle(shard, { entries, relayed: 0 });

/** A chunk as it would be if an event were known by its source and id alone. */
const withoutProducers = (chunk: ShardChunk): ShardChunk => {
  const idsOf = (bytes: Uint8Array): string => {
    const { source, id } = JSON.parse(new TextDecoder().decode(bytes)) as { source: string; id: string };
    return platform.digest96(`${source}\n${id}`);
  };
  return {
    ...chunk,
    dedupKeys: decodeChunk(chunk.chunk, platform)
      .events.map(({ bytes }) => idsOf(bytes))
      .join(""),
  };
};

/** Mistakes on the way in: what an edge, its tiers or the scripts behind them could get wrong. */
export const bugsOfTheEdge: Readonly<Record<string, Bug>> = {
  "an edge makes whatever empty Redis it finds its own": {
    edge: ({ redis, postgres, ...ports }) => ({
      ...ports,
      postgres,
      redis: {
        ...redis,
        read: async (deadlineMs) => {
          const found = await redis.read(deadlineMs);
          const own = found ?? (await postgres.read(deadlineMs));
          return own && redis.record(own, deadlineMs);
        },
      },
    }),
  },

  "the edge answers 202 when the append timed out": {
    edge: ({ stream, ...ports }) => ({
      ...ports,
      stream: {
        ...stream,
        append: async (chunks, deadlineMs) => {
          const answers = await stream.append(chunks, deadlineMs);
          const believed: Appended = { kind: "ok", duplicates: [] };
          return answers.map((answer) =>
            answer.kind === "retriable" && answer.code === "timeout" ? believed : answer,
          );
        },
      },
    }),
  },

  "dedup ids are remembered before an append that then fails": {
    backends: (memory, { tier }, random) => ({
      tier: {
        ...tier,
        append: async (chunks, deadlineMs) => {
          if (!random.chance(0.05)) return tier.append(chunks, deadlineMs);
          await tier.append(chunks, deadlineMs);
          for (const { shard } of chunks) forget(memory, shard, lastEntry(memory, shard));
          return chunks.map(() => ({ kind: "retriable", code: "closed" }));
        },
      },
    }),
  },

  "one producer's ids are another's duplicates": {
    backends: (_memory, { tier }) => ({
      tier: { ...tier, append: (chunks, deadlineMs) => tier.append(chunks.map(withoutProducers), deadlineMs) },
    }),
  },

  "XADD trims with MAXLEN": {
    backends: (memory, { tier }) => ({
      tier: {
        ...tier,
        append: async (chunks, deadlineMs) => {
          const answers = await tier.append(chunks, deadlineMs);
          for (const { shard } of chunks) {
            const entries = memory.streams.entriesAfter(shard, "0", 10_000).map((entry) => entry.id);
            forget(memory, shard, entries.slice(0, -8));
          }
          return answers;
        },
      },
    }),
  },

  "the outbox answers before its commit": {
    backends: (_memory, { outboxTier }, random) => ({
      outboxTier: {
        ...outboxTier,
        append: async (chunks: readonly ShardChunk[], deadlineMs) =>
          random.chance(0.1)
            ? chunks.map(() => ({ kind: "ok", duplicates: [] }))
            : outboxTier.append(chunks, deadlineMs),
      },
    }),
  },

  "an edge does not believe that Redis keeps nothing": {
    edge: ({ stream, ...ports }) => ({
      ...ports,
      stream: { ...stream, health: async (ms) => ({ ...(await stream.health(ms)), promise: { state: "kept" } }) },
    }),
  },

  "an edge asks only once whether Redis keeps what it takes": {
    edge: ({ stream, ...ports }) => {
      let first: ReturnType<typeof stream.health> | null = null;
      return { ...ports, stream: { ...stream, health: (ms) => (first ??= stream.health(ms)) } };
    },
  },

  "an edge that fell back goes on writing to the stream": {
    edge: ({ outbox, ...ports }) => ({
      ...ports,
      outbox: {
        ...outbox,
        occupied: async (shards, deadlineMs) => {
          await outbox.occupied(shards, deadlineMs);
          return [];
        },
      },
    }),
  },

  "an edge that falls back raises no stamp": {
    edge: ({ stream, ...ports }) => ({ ...ports, stream: { ...stream, divert: async () => null } }),
  },

  "edges do not look at what is occupied": { edgeSettings: { lookApartMs: 1e9 } },

  "an edge opens a shard by a watermark of drained ids": {
    backends: (memory, { outboxTier, outboxDrain }) => {
      let drainedUpTo = 0;
      const isAhead = (row: OutboxRow): boolean => Number(row.id) > drainedUpTo;
      return {
        outboxTier: {
          ...outboxTier,
          occupied: async (shards) => shards.filter((shard) => memory.outbox.rows(shard).some(isAhead)),
        },
        outboxDrain: {
          ...outboxDrain,
          drain: (lease, rowsMax, move) =>
            outboxDrain.drain(lease, rowsMax, async (rows) => {
              const moved = await move(rows);
              drainedUpTo = Math.max(drainedUpTo, Number(rows[moved - 1]?.id ?? 0));
              return moved;
            }),
        },
      };
    },
  },
};
