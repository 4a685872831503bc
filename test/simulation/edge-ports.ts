import { type Appended, type ShardChunk, type Tier, type TierHealth, Unavailable } from "@spillway/event";
import type { Backend } from "@spillway/memory";
import type { Backends, EdgePorts } from "./backends.ts";
import type { Caller } from "./call.ts";
import type { History } from "./history.ts";
import type { WeakWatch } from "./weak-watch.ts";

const unavailable = (code: string): never => {
  throw new Unavailable(code);
};

const describe = (chunks: readonly ShardChunk[]): string =>
  chunks.map((chunk) => `${chunk.shard}:${chunk.events}`).join(",");

/** One edge's view of its tiers through the network. An append without an answer ends `oversleptMs` after its deadline. */
export const createEdgePorts = (
  backends: Backends,
  call: Caller,
  history: History,
  oversleptMs: number,
  weak: WeakWatch,
): EdgePorts => {
  const tier = (backend: Backend, port: Tier, record: (chunk: ShardChunk) => void) => ({
    append: (chunks: readonly ShardChunk[], deadlineMs: number) =>
      call<readonly Appended[]>({
        backend,
        name: `${port.name}.append ${describe(chunks)}`,
        timeoutMs: deadlineMs + oversleptMs,
        execute: async () => {
          const answers = await port.append(chunks, deadlineMs);
          for (const [i, chunk] of chunks.entries()) if (answers[i]?.kind === "ok") record(chunk);
          return answers;
        },
        fail: (code) => chunks.map(() => ({ kind: "retriable", code })),
      }),
    health: (deadlineMs: number) =>
      call({
        backend,
        name: `${port.name}.health`,
        timeoutMs: deadlineMs,
        execute: () => port.health(deadlineMs),
        fail: (): TierHealth => ({ status: "down", warnings: [], promise: null }),
      }),
  });
  const { outboxTier, tier: streamTier } = backends;
  const stream = tier("redis", streamTier, history.recordedInStream);
  return {
    stream: {
      name: "stream",
      append: (chunks, deadlineMs) => {
        weak.writes();
        return stream.append(chunks, deadlineMs);
      },
      health: async (deadlineMs) => {
        weak.asks();
        const health = await stream.health(deadlineMs);
        weak.told(health.promise);
        return health;
      },
    },
    outbox: {
      name: "outbox",
      ...tier("postgres", outboxTier, history.recordedInOutbox),
      occupied: (shards, deadlineMs) =>
        call({
          backend: "postgres",
          name: "outbox.occupied",
          timeoutMs: deadlineMs,
          execute: () => outboxTier.occupied(shards, deadlineMs),
          fail: unavailable,
        }),
      size: (deadlineMs) =>
        call({
          backend: "postgres",
          name: "outbox.size",
          timeoutMs: deadlineMs,
          execute: () => outboxTier.size(deadlineMs),
          fail: unavailable,
        }),
    },
  };
};
