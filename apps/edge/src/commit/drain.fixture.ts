import { decodeChunk, dedupKeysOf, type OutboxRow, type ShardChunk } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import type { MemoryWorld } from "@spillway/memory";

const chunkOf = ({ shard, chunk }: OutboxRow): ShardChunk => {
  const { events } = decodeChunk(chunk, platform);
  return { shard, chunk, events: events.length, dedupKeys: dedupKeysOf(events) };
};

/** What a relay does for a shard's outbox: divert it, move the oldest rows, end the diversion when none is left. */
export const drainOnce = async (world: MemoryWorld, shard: number, rowsMax: number): Promise<void> => {
  const { leases, shardStream } = world;
  const lease = await leases.take(shard, "relay", 60_000);
  if (!lease) throw new Error("the lease is free");
  const stamp = await shardStream.diversion(shard);
  const { found } = await world.outboxDrain.drain(lease, rowsMax, async (rows) => {
    if (rows.length > 0) await shardStream.divert(lease);
    for (const row of rows) {
      const appended = await shardStream.append(lease, chunkOf(row));
      if (appended.kind !== "ok") return rows.indexOf(row);
    }
    return rows.length;
  });
  if (found === 0 && stamp !== null) await shardStream.endDiversion(lease, stamp);
};

/** Ids of a shard's stream, in its order, without those that the append found to be duplicates. */
export const idsInStream = (world: MemoryWorld, shard: number): string[] =>
  world.streams.entriesAfter(shard, "0", 1e9).flatMap(({ chunk, skip }) =>
    decodeChunk(chunk, platform)
      .events.filter((_, i) => !skip.includes(i))
      .map(({ bytes }) => (JSON.parse(new TextDecoder().decode(bytes)) as { id: string }).id),
  );
