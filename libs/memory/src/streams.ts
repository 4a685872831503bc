import type { Appended, Clock, Entry, Settled, ShardChunk, ShardCounts } from "@spillway/event";
import { createDedupKeys, type DedupKeys } from "./dedup-keys.ts";
import { createLeaseTable, type LeaseTable } from "./lease-table.ts";

export type StreamLimits = {
  /** A shard that holds this many events refuses more; exceeded by one chunk at most. */
  readonly backlogEventsMax: number;
  /** The same in bytes of chunks. */
  readonly backlogBytesMax: number;
  /** A dedup key is remembered for one to two of these. */
  readonly dedupWindowMs: number;
};

type Shard = {
  epoch: string | null;
  entries: Entry[];
  dedup: DedupKeys;
  diverted: boolean;
  lastMs: number;
  lastSequence: number;
  accepted: number;
  duplicate: number;
  relayed: number;
  dead: number;
  backlogBytes: number;
};

/** The streams' state: what would stand in Redis. Every method is one atomic step, as a script is. */
export type Streams = LeaseTable & {
  append(chunk: ShardChunk, passesDiversion: boolean): Appended;
  entriesAfter(shard: number, after: string, entriesMax: number): Entry[];
  settle(shard: number, settled: Settled): void;
  divert(shard: number, begin: boolean): void;
  diverted(shard: number): boolean;
  counts(shard: number): ShardCounts;
  /** Resolves when something was appended to the shard, or after `waitMs`. */
  arrival(shard: number, waitMs: number): Promise<void>;
  /** Everything is gone, leases and owners too, as after FLUSHALL or a failover to an empty replica. */
  empty(): void;
  /** Changes one byte of an entry's chunk, as a failing disk does. */
  damage(shard: number, id: string): void;
};

type Id = readonly [ms: number, sequence: number];

const parseId = (id: string): Id => {
  const [ms, sequence] = id.split("-");
  return [Number(ms), Number(sequence ?? 0)];
};

const isAfter = (a: Id, b: Id): boolean => a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);

const createShard = (limits: StreamLimits): Shard => ({
  epoch: null,
  entries: [],
  dedup: createDedupKeys(limits.dedupWindowMs),
  diverted: false,
  lastMs: 0,
  lastSequence: 0,
  accepted: 0,
  duplicate: 0,
  relayed: 0,
  dead: 0,
  backlogBytes: 0,
});

/** Like XADD `*`: the server's time, and never back. */
const nextId = (shard: Shard, nowMs: number): string => {
  const ms = Math.max(Math.floor(nowMs), shard.lastMs);
  shard.lastSequence = ms === shard.lastMs ? shard.lastSequence + 1 : 0;
  shard.lastMs = ms;
  return `${ms}-${shard.lastSequence}`;
};

/** What is enough of a chunk to tell it from another: version, flags and most of the checksum. */
const MARK_BYTES = 33;
const refOf = (id: string, chunk: Uint8Array): string =>
  `${id} ${[...chunk.subarray(0, MARK_BYTES)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;

const backlogEvents = (shard: Shard): number => shard.accepted - shard.relayed - shard.dead;

/**
 * Counts what it removes and not what it was told, since a settle that timed out may run late, when some of its entries
 * are gone. What the caller says is relayed is an upper limit; the rest of the removed events is dead.
 */
const settleEntries = (shard: Shard, settled: Settled): void => {
  const ids = new Set(settled.entries);
  const isSettled = (entry: Entry): boolean => ids.has(entry.ref) || ids.has(entry.id);
  const removed = shard.entries.filter(isSettled);
  const events = removed.reduce((sum, entry) => sum + entry.events, 0);
  const relayed = Math.min(settled.relayed, events);
  shard.entries = shard.entries.filter((entry) => !isSettled(entry));
  shard.relayed += relayed;
  shard.dead += events - relayed;
  shard.backlogBytes -= removed.reduce((sum, entry) => sum + entry.storedBytes, 0);
};

const damageEntry = (shard: Shard, id: string): void => {
  shard.entries = shard.entries.map((entry) => {
    if (entry.id !== id) return entry;
    const chunk = entry.chunk.slice();
    chunk[chunk.length - 1] = (chunk[chunk.length - 1] ?? 0) ^ 0xff;
    return { ...entry, chunk };
  });
};

export const createStreams = (clock: Clock, shards: number, limits: StreamLimits): Streams => {
  let births = 0;
  let all = Array.from({ length: shards }, () => createShard(limits));
  const leases = createLeaseTable(clock);
  const waiting = Array.from({ length: shards }, () => new Set<AbortController>());

  const of = (shard: number): Shard => {
    const found = all[shard];
    if (!found) throw new RangeError(`shard ${shard} is not one of ${shards}`);
    return found;
  };

  const add = (shard: Shard, chunk: ShardChunk, skip: number[]): void => {
    const nowMs = clock.wallMs();
    shard.epoch ??= `${nowMs}-${births++}`;
    const events = chunk.events - skip.length;
    const storedBytes = chunk.chunk.length;
    const id = nextId(shard, nowMs);
    const ref = refOf(id, chunk.chunk);
    shard.entries.push({ id, ref, chunk: chunk.chunk, skip, events, storedBytes });
    shard.dedup.remember(chunk.dedupKeys, nowMs);
    shard.accepted += events;
    shard.backlogBytes += storedBytes;
    for (const waiter of waiting[chunk.shard] ?? []) waiter.abort();
  };

  const append = (chunk: ShardChunk, passesDiversion: boolean): Appended => {
    const shard = of(chunk.shard);
    if (shard.diverted && !passesDiversion) return { kind: "diverted" };
    if (backlogEvents(shard) >= limits.backlogEventsMax || shard.backlogBytes >= limits.backlogBytesMax)
      return { kind: "full" };
    const duplicates = shard.dedup.duplicates(chunk.dedupKeys, clock.wallMs());
    if (duplicates.length < chunk.events) add(shard, chunk, duplicates);
    shard.duplicate += duplicates.length;
    return { kind: "ok", duplicates };
  };

  const entriesAfter = (shard: number, after: string, entriesMax: number): Entry[] => {
    const from = parseId(after);
    return of(shard)
      .entries.filter((entry) => isAfter(parseId(entry.id), from))
      .slice(0, entriesMax);
  };

  const arrival = async (shard: number, waitMs: number): Promise<void> => {
    const controller = new AbortController();
    waiting[shard]?.add(controller);
    await clock.sleep(waitMs, controller.signal);
    waiting[shard]?.delete(controller);
  };

  return {
    ...leases,
    append,
    entriesAfter,
    settle: (shard, settled) => settleEntries(of(shard), settled),
    divert: (shard, begin) => {
      of(shard).diverted = begin;
    },
    diverted: (shard) => of(shard).diverted,
    counts: (shard) => {
      const { epoch, accepted, duplicate, relayed, dead, backlogBytes } = of(shard);
      return { epoch, accepted, duplicate, relayed, dead, backlogBytes };
    },
    arrival,
    empty: () => {
      all = Array.from({ length: shards }, () => createShard(limits));
      leases.empty();
    },
    damage: (number, id) => damageEntry(of(number), id),
  };
};
