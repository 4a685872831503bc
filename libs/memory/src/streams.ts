import type { Appended, Clock, Entry, ParkedMarks, Settled, ShardChunk, ShardCounts } from "@spillway/event";
import { createInstallationCell } from "./installation.ts";
import { createLeaseTable } from "./leases.ts";
import {
  appendTo,
  copyOf,
  countsOf,
  createDiversions,
  createLooks,
  createShard,
  damaged,
  isAfter,
  parseId,
  type Shard,
  type StreamLimits,
  settleEntries,
} from "./shard-state.ts";

export type { StreamLimits } from "./shard-state.ts";
export type Streams = ReturnType<typeof createStreams>;

/** The streams' state: what would stand in Redis. Every method is one atomic step, as a script is. */
export const createStreams = (clock: Clock, shards: number, limits: StreamLimits) => {
  let births = 0;
  let servers = 1;
  let all = Array.from({ length: shards }, () => createShard(limits));
  const leases = createLeaseTable(clock);
  const installation = createInstallationCell();
  const waiting = Array.from({ length: shards }, () => new Set<AbortController>());

  const of = (shard: number): Shard => {
    const found = all[shard];
    if (!found) throw new RangeError(`shard ${shard} is not one of ${shards}`);
    return found;
  };

  const append = (chunk: ShardChunk, passesDiversion: boolean): Appended => {
    const shard = of(chunk.shard);
    if (shard.diverted !== null && !passesDiversion) return { kind: "diverted" };
    const nowMs = clock.wallMs();
    const { length } = shard.entries;
    const answer = appendTo(shard, chunk, limits, nowMs, `${nowMs}-${births++}`);
    if (shard.entries.length > length) for (const waiter of waiting[chunk.shard] ?? []) waiter.abort();
    return answer;
  };

  const entriesAfter = (shard: number, after: string, entriesMax: number): Entry[] => {
    const from = parseId(after);
    return of(shard)
      .entries.filter((entry) => isAfter(parseId(entry.id), from))
      .slice(0, entriesMax);
  };

  /** Resolves when something was appended to the shard, or after `waitMs`. */
  const arrival = async (shard: number, waitMs: number): Promise<void> => {
    const controller = new AbortController();
    waiting[shard]?.add(controller);
    await clock.sleep(waitMs, controller.signal);
    waiting[shard]?.delete(controller);
  };

  return {
    ...leases,
    ...createLooks(of, clock, () => servers),
    installation,
    append,
    entriesAfter,
    settle: (shard: number, settled: Settled) => settleEntries(of(shard), settled),
    ...createDiversions(of),
    park: (shard: number, topics: readonly string[], as: "begin" | "all" | "end"): void =>
      of(shard).marks.park(topics, as, servers),
    parked: (shard: number): ParkedMarks => of(shard).marks.parked(servers),
    counts: (shard: number): ShardCounts => countsOf(of(shard)),
    forget: (shard: number, writers: readonly string[]): void => {
      for (const writer of writers) for (const totals of [of(shard).totals, of(shard).brought]) totals.delete(writer);
    },
    arrival,
    /** Everything is gone, leases and owners too, as after FLUSHALL or a failover to an empty replica. */
    empty: () => {
      all = Array.from({ length: shards }, () => createShard(limits));
      leases.empty();
      installation.clear();
    },
    /** All as it is now, and what brings it back. */
    remember: (): (() => void) => {
      const shardsThen = all.map(copyOf);
      const leasesThen = leases.remember();
      const installationThen = installation.now();
      return () => {
        servers++;
        all = shardsThen.map(copyOf);
        leasesThen();
        installation.clear();
        if (installationThen) installation.record(installationThen);
      };
    },
    /** Changes one byte of an entry, as a failing disk does. */
    damage: (shard: number, id: string, part: "chunk" | "metadata" = "chunk") => {
      const here = of(shard);
      here.entries = here.entries.map((entry) => (entry.id === id ? damaged(entry, part) : entry));
    },
  };
};
