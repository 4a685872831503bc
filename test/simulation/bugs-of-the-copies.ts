import { type Appended, copyKeyOf, type ShardChunk } from "@spillway/event";
import type { Bug } from "./bug.ts";

/** Mistakes with what is in both tiers. */
export const bugsOfTheCopies: Readonly<Record<string, Bug>> = {
  "a copy is removed before its chunk is settled": {
    backends: (_memory, { shardStream, copies }) => ({
      shardStream: {
        ...shardStream,
        read: async (...asked) => {
          const entries = await shardStream.read(...asked);
          await copies.settled(entries.flatMap(({ chunk }) => copyKeyOf(chunk) ?? []));
          return entries;
        },
      },
    }),
  },

  "a copy is answered before its commit": {
    backends: (_memory, { outboxTier }, random) => ({
      outboxTier: {
        ...outboxTier,
        copy: async (chunks: readonly ShardChunk[], deadlineMs) =>
          random.chance(0.1)
            ? chunks.map((): Appended => ({ kind: "ok", duplicates: [] }))
            : outboxTier.copy(chunks, deadlineMs),
      },
    }),
  },

  "a copy does not keep what it is in the stream": {
    backends: (_memory, { outboxTier }) => ({
      outboxTier: {
        ...outboxTier,
        copy: (chunks, deadlineMs) =>
          outboxTier.copy(
            chunks.map(({ from: _, ...chunk }) => chunk),
            deadlineMs,
          ),
      },
    }),
  },

  "what is restored is what is young": {
    relay: (ports) => ({
      ...ports,
      copies: {
        ...ports.copies,
        read: async (shard, after, copiesMax, youngerThanMs) =>
          ports.copies.read(shard, after, copiesMax, Math.min(youngerThanMs, 300)),
      },
    }),
  },

  "an emptied Redis is said to be ours before its shards are diverted": {
    backends: ({ streams }) => ({
      redisInstallation: {
        read: async () => streams.installation.now(),
        record: async (claim) => streams.installation.record(claim),
      },
    }),
  },

  "what is restored comes in any order": {
    relay: (ports) => ({
      ...ports,
      copies: {
        ...ports.copies,
        read: async (...asked) => {
          const copies = await ports.copies.read(...asked);
          const ids = copies.map(({ id }) => id);
          // The ids as they were, so that the looks go on.
          return [...copies].reverse().map((copy, i) => ({ ...copy, id: ids[i] as string }));
        },
      },
    }),
  },

  "what leaves the outbox leaves no copy": {
    relay: (ports) => ({ ...ports, copies: { ...ports.copies, keep: async () => undefined } }),
  },

  "a stream is never compared with its copies": {
    relay: (ports) => ({ ...ports, copies: { ...ports.copies, occupied: async () => [] } }),
  },

  "settling leaves every copy": {
    relay: (ports) => ({
      ...ports,
      copies: { ...ports.copies, settled: async () => undefined, remove: async () => undefined },
    }),
  },
};
