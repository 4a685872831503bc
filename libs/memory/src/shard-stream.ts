import type { ShardStream } from "@spillway/event";
import type { Outages } from "./outages.ts";
import type { ServerPromise } from "./server-promise.ts";
import type { Streams } from "./streams.ts";

export const createShardStream = (
  streams: Streams,
  { behind, check, code }: Outages,
  promise: ServerPromise,
): ShardStream => ({
  read: async (shard, after, entriesMax, waitMs) => {
    check("redis");
    const here = streams.entriesAfter(shard, after, entriesMax);
    if (here.length > 0 || waitMs <= 0) return here;
    await streams.arrival(shard, waitMs);
    check("redis");
    return streams.entriesAfter(shard, after, entriesMax);
  },
  settle: behind("redis", (lease, settled) => {
    if (!streams.holds(lease)) return "fenced";
    streams.settle(lease.shard, settled);
    return "ok";
  }),
  divert: behind("redis", (lease) => {
    if (!streams.holds(lease)) return { kind: "fenced" };
    return { kind: "diverted", stamp: streams.divert(lease.shard) };
  }),
  diversion: behind("redis", streams.diversion),
  endDiversion: behind("redis", (lease, stamp) => {
    if (!streams.holds(lease)) return "fenced";
    return streams.endDiversion(lease.shard, stamp) ? "ok" : "renewed";
  }),
  park: behind("redis", (lease, topics, as) => {
    if (!streams.holds(lease)) return "fenced";
    streams.park(lease.shard, topics, as);
    return "ok";
  }),
  parked: behind("redis", streams.parked),
  append: async (lease, chunk) => {
    const down = code("redis");
    if (down !== null) return { kind: "retriable", code: down };
    return streams.holds(lease) ? streams.append(chunk, true) : { kind: "fenced" };
  },
  counts: behind("redis", streams.counts),
  birth: behind("redis", streams.birth),
  missing: behind("redis", streams.missing),
  oldest: behind("redis", streams.oldest),
  forget: behind("redis", (lease, writers) => {
    if (!streams.holds(lease)) return "fenced";
    streams.forget(lease.shard, writers);
    return "ok";
  }),
  promise: behind("redis", promise.now),
});
