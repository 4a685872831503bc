import { systemClock } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { createMemoryWorld } from "@spillway/memory";
import { failingTierConformance, serverFaults } from "./failing-tier.ts";
import { leasesConformance } from "./leases.ts";
import { parkingConformance } from "./parking.ts";
import { schemasConformance } from "./schemas.ts";
import { roomyLimits, type SubjectLimits, shardStreamConformance } from "./shard-stream.ts";
import { outboxSightConformance, streamSightConformance } from "./sights.ts";
import { tierConformance } from "./tier.ts";

const open = async (limits: SubjectLimits) => {
  const world = createMemoryWorld({ clock: systemClock, platform, shards: 4, ...limits });
  const weaken = async (isWeak: boolean): Promise<void> =>
    world.promise.become(isWeak ? { state: "broken", because: ["maxmemory-policy"] } : { state: "kept" });
  const { streams, shardStream: stream } = world;
  const damageMetadata = async (shard: number) => {
    for (const { id } of streams.entriesAfter(shard, "0", 1)) streams.damage(shard, id, "metadata");
  };
  return { ...world, stream, weaken, damageMetadata, close: async () => undefined };
};

tierConformance("memory, the stream,", { dropsDuplicates: true, canBeWeak: true }, async () => {
  const { tier, stream, weaken, close } = await open(roomyLimits);
  return { tier, stored: (shard) => stream.read(shard, "0", 10_000, 0), weaken, close };
});

tierConformance("memory, the outbox,", { dropsDuplicates: false }, async () => {
  const { outboxTier, outbox, close } = await open(roomyLimits);
  return { tier: outboxTier, stored: async (shard) => outbox.rows(shard), close };
});

failingTierConformance(
  "memory",
  async ({ backlogEventsMax }) => {
    const { tier, stream, streams, outages, close } = await open({ ...roomyLimits, backlogEventsMax });
    return {
      tier,
      stored: (shard) => stream.read(shard, "0", 10_000, 0),
      begin: async (fault) => outages.start("redis", serverFaults[fault]),
      end: async () => outages.end("redis"),
      divert: async (shard) => void streams.divert(shard),
      close,
    };
  },
  // A full Redis still does what takes no memory, and an outage in memory is of all.
  ["frozen", "gone", "a replica"],
);

shardStreamConformance("memory", open);

leasesConformance("memory", () => open(roomyLimits));

parkingConformance("memory", () => open(roomyLimits));

schemasConformance("memory", async () => {
  const { schemas, outages, close } = await open(roomyLimits);
  return { schemas, begin: async () => outages.start("postgres"), end: async () => outages.end("postgres"), close };
});

streamSightConformance("memory", async () => {
  const { sights, ...world } = await open(roomyLimits);
  return { ...world, find: sights.stream };
});

outboxSightConformance("memory", async () => {
  const { sights, outboxTier, outbox, replay, ...world } = await open(roomyLimits);
  return {
    ...world,
    look: sights,
    letterLook: sights.letter,
    tier: outboxTier,
    replay: async (letter) => void (await replay([letter], { by: "ann" })),
    clear: async (shard) => void outbox.remove(outbox.rows(shard)),
  };
});
