import {
  type Appended,
  type Clock,
  DIGEST96_LENGTH,
  type Entry,
  type Settled,
  type ShardChunk,
  type ShardCounts,
} from "@spillway/event";
import { createDedupKeys } from "./dedup-keys.ts";
import { createInstallationCell } from "./installation.ts";
import { createLeaseTable } from "./leases.ts";
import { createMarks } from "./marks.ts";

export type StreamLimits = {
  /** A shard that holds this many events refuses more; exceeded by one chunk at most. */
  readonly backlogEventsMax: number;
  /** The same in bytes of chunks. */
  readonly backlogBytesMax: number;
  /** A dedup key is remembered for one to two of these. */
  readonly dedupWindowMs: number;
};

export type Streams = ReturnType<typeof createStreams>;

type Id = readonly [ms: number, sequence: number];

const parseId = (id: string): Id => {
  const [ms, sequence] = id.split("-");
  return [Number(ms), Number(sequence ?? 0)];
};

const isAfter = (a: Id, b: Id): boolean => a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);

type Shard = ReturnType<typeof createShard>;

const createShard = (limits: StreamLimits, clock: Clock) => ({
  entries: [] as Entry[],
  dedup: createDedupKeys(limits.dedupWindowMs),
  /** The stamp of the diversion. */
  diverted: null as string | null,
  marks: createMarks(clock),
  lastMs: 0,
  lastSequence: 0,
  counts: { epoch: null as string | null, accepted: 0, duplicate: 0, relayed: 0, dead: 0, parked: 0, backlogBytes: 0 },
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
  `${id} ${Buffer.from(chunk.subarray(0, MARK_BYTES)).toString("hex")}`;

/**
 * Counts what it removes and not what it was told, since a settle that timed out may run late, when some of its entries
 * are gone. What the caller says is relayed and parked are upper limits; the rest of the removed events is dead.
 */
const settleEntries = (shard: Shard, settled: Settled): void => {
  const ids = new Set(settled.entries);
  const isSettled = (entry: Entry): boolean => ids.has(entry.ref) || ids.has(entry.id);
  const removed = shard.entries.filter(isSettled);
  const events = removed.reduce((sum, entry) => sum + entry.events, 0);
  const relayed = Math.min(settled.relayed, events);
  const parked = Math.min(settled.parked ?? 0, events - relayed);
  shard.entries = shard.entries.filter((entry) => !isSettled(entry));
  shard.counts.relayed += relayed;
  shard.counts.parked += parked;
  shard.counts.dead += events - relayed - parked;
  shard.counts.backlogBytes -= removed.reduce((sum, entry) => sum + entry.storedBytes, 0);
};

const damagedChunk = (chunk: Uint8Array): Uint8Array => chunk.with(-1, (chunk.at(-1) ?? 0) ^ 0xff);

/** Of the metadata: another event is skipped than was, and it is seen that something is wrong. */
const damaged = (entry: Entry, part: "chunk" | "metadata"): Entry => {
  if (part === "chunk") return { ...entry, chunk: damagedChunk(entry.chunk) };
  return { ...entry, skip: entry.skip.length > 0 ? entry.skip.map((index) => index + 1) : [0], total: null };
};

const createLooks = (of: (shard: number) => Shard, clock: Clock) => ({
  missing: (shard: number, dedupKeys: string): number =>
    dedupKeys.length / DIGEST96_LENGTH - of(shard).dedup.duplicates(dedupKeys, clock.wallMs()).length,
  oldest: (shard: number) => {
    const [first] = of(shard).entries;
    return { nowMs: clock.wallMs(), oldestAtMs: first === undefined ? null : parseId(first.id)[0] };
  },
});

const createDiversions = (of: (shard: number) => Shard) => {
  let stamps = 0;
  return {
    /** Begins the diversion or renews its stamp. */
    divert: (shard: number): string => {
      const stamp = `stamp-${++stamps}`;
      of(shard).diverted = stamp;
      return stamp;
    },
    /** Answers whether none stands now. */
    endDiversion: (shard: number, stamp: string): boolean => {
      const here = of(shard);
      if (here.diverted === stamp) here.diverted = null;
      return here.diverted === null;
    },
    diversion: (shard: number): string | null => of(shard).diverted,
    diverted: (shard: number): boolean => of(shard).diverted !== null,
  };
};

/** The streams' state: what would stand in Redis. Every method is one atomic step, as a script is. */
export const createStreams = (clock: Clock, shards: number, limits: StreamLimits) => {
  let births = 0;
  let all = Array.from({ length: shards }, () => createShard(limits, clock));
  const leases = createLeaseTable(clock);
  const installation = createInstallationCell();
  const waiting = Array.from({ length: shards }, () => new Set<AbortController>());

  const of = (shard: number): Shard => {
    const found = all[shard];
    if (!found) throw new RangeError(`shard ${shard} is not one of ${shards}`);
    return found;
  };

  const add = (shard: Shard, chunk: ShardChunk, skip: number[]): void => {
    const nowMs = clock.wallMs();
    shard.counts.epoch ??= `${nowMs}-${births++}`;
    const events = chunk.events - skip.length;
    const storedBytes = chunk.chunk.length;
    const id = nextId(shard, nowMs);
    const ref = refOf(id, chunk.chunk);
    shard.entries.push({ id, ref, chunk: chunk.chunk, skip, events, total: chunk.events, storedBytes });
    shard.dedup.remember(chunk.dedupKeys, nowMs);
    shard.counts.accepted += events;
    shard.counts.backlogBytes += storedBytes;
    for (const waiter of waiting[chunk.shard] ?? []) waiter.abort();
  };

  const append = (chunk: ShardChunk, passesDiversion: boolean): Appended => {
    const shard = of(chunk.shard);
    if (shard.diverted !== null && !passesDiversion) return { kind: "diverted" };
    const { accepted, relayed, dead, parked, backlogBytes } = shard.counts;
    if (accepted - relayed - dead - parked >= limits.backlogEventsMax || backlogBytes >= limits.backlogBytesMax)
      return { kind: "full" };
    const duplicates = shard.dedup.duplicates(chunk.dedupKeys, clock.wallMs());
    if (duplicates.length < chunk.events) add(shard, chunk, duplicates);
    shard.counts.duplicate += duplicates.length;
    return { kind: "ok", duplicates };
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
    ...createLooks(of, clock),
    installation,
    append,
    entriesAfter,
    settle: (shard: number, settled: Settled) => settleEntries(of(shard), settled),
    ...createDiversions(of),
    marks: (shard: number) => of(shard).marks,
    counts: (shard: number): ShardCounts => ({ ...of(shard).counts }),
    arrival,
    /** Everything is gone, leases and owners too, as after FLUSHALL or a failover to an empty replica. */
    empty: () => {
      all = Array.from({ length: shards }, () => createShard(limits, clock));
      leases.empty();
      installation.clear();
    },
    /** Changes one byte of an entry, as a failing disk does. */
    damage: (shard: number, id: string, part: "chunk" | "metadata" = "chunk") => {
      const here = of(shard);
      here.entries = here.entries.map((entry) => (entry.id === id ? damaged(entry, part) : entry));
    },
  };
};
