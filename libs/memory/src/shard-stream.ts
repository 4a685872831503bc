import type { ShardStream } from "@spillway/event";
import type { Outages } from "./outages.ts";
import type { Streams } from "./streams.ts";

export const createShardStream = (streams: Streams, outages: Outages): ShardStream => ({
  read: async (shard, after, entriesMax, waitMs) => {
    outages.check("redis");
    const here = streams.entriesAfter(shard, after, entriesMax);
    if (here.length > 0 || waitMs <= 0) return here;
    await streams.arrival(shard, waitMs);
    outages.check("redis");
    return streams.entriesAfter(shard, after, entriesMax);
  },
  settle: async (lease, settled) => {
    outages.check("redis");
    if (!streams.holds(lease)) return "fenced";
    streams.settle(lease.shard, settled);
    return "ok";
  },
  divert: async (lease, begin) => {
    outages.check("redis");
    if (!streams.holds(lease)) return "fenced";
    streams.divert(lease.shard, begin);
    return "ok";
  },
  append: async (lease, chunk) => {
    const code = outages.code("redis");
    if (code !== null) return { kind: "retriable", code };
    return streams.holds(lease) ? streams.append(chunk, true) : { kind: "fenced" };
  },
  counts: async (shard) => {
    outages.check("redis");
    return streams.counts(shard);
  },
});
