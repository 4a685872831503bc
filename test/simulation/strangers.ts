import { platform } from "@spillway/event/platform-node";
import { createMemoryWorld } from "@spillway/memory";
import type { MemoryRedis } from "./edge-ports.ts";
import { createProcess } from "./process.ts";
import type { Timeline } from "./timeline.ts";

/** Whose the Redis is before which an edge's REST server suddenly stands: nobody's, or another installation's. */
export type Stranger = "empty" | "other";

export type Strangers = ReturnType<typeof createStrangers>;

/** Redis servers that are not ours, and which edge's REST server stands before one for how long. */
export const createStrangers = (timeline: Timeline, shards: number) => {
  const { clock } = createProcess("strangers", timeline, { skewMs: 0, monotonicFromMs: 0 });
  const create = (): MemoryRedis => {
    const { tier, streams, redisInstallation } = createMemoryWorld({ clock, platform, shards });
    return { tier, installation: streams.installation, keeper: redisInstallation };
  };
  const until = new Map<number, { readonly redis: MemoryRedis; readonly ms: number }>();
  return {
    /** The stranger behind this edge now. */
    at: (edge: number): MemoryRedis | null => {
      const stranger = until.get(edge);
      return stranger && timeline.nowMs() < stranger.ms ? stranger.redis : null;
    },
    meet: (edge: number, kind: Stranger, ms: number): void => {
      const redis = create();
      if (kind === "other") redis.installation.record({ id: "another", namespace: "another", shards });
      until.set(edge, { redis, ms: timeline.nowMs() + ms });
    },
  };
};
