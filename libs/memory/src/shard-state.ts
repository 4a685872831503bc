import {
  type Appended,
  type Clock,
  DIGEST96_LENGTH,
  type Entry,
  isCopiedHead,
  NOBODY,
  type Settled,
  type ShardChunk,
  type ShardCounts,
  type StreamSight,
  type Total,
} from "@spillway/event";
import { createDedupKeys } from "./dedup-keys.ts";
import { createMarks } from "./marks.ts";

export type StreamLimits = {
  /** A shard that holds this many events refuses more; exceeded by one chunk at most. */
  readonly backlogEventsMax: number;
  /** The same in bytes of chunks. */
  readonly backlogBytesMax: number;
  /** A dedup key is remembered for one to two of these. */
  readonly dedupWindowMs: number;
};

type Id = readonly [ms: number, sequence: number];

export const parseId = (id: string): Id => {
  const [ms, sequence] = id.split("-");
  return [Number(ms), Number(sequence ?? 0)];
};

export const isAfter = (a: Id, b: Id): boolean => a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);

export type Shard = ReturnType<typeof createShard>;

export const createShard = (limits: StreamLimits) => ({
  entries: [] as Entry[],
  dedup: createDedupKeys(limits.dedupWindowMs),
  /** The stamp of the diversion. */
  diverted: null as string | null,
  marks: createMarks(),
  lastMs: 0,
  lastSequence: 0,
  counts: { epoch: null as string | null, accepted: 0, duplicate: 0, relayed: 0, dead: 0, parked: 0, backlogBytes: 0 },
  /** Of each writer. */
  totals: new Map<string, number>(),
  /** Of each writer of the outbox. */
  brought: new Map<string, number>(),
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
export const settleEntries = (shard: Shard, settled: Settled): void => {
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
export const damaged = (entry: Entry, part: "chunk" | "metadata"): Entry => {
  if (part === "chunk") return { ...entry, chunk: damagedChunk(entry.chunk) };
  const skip = entry.skip.length > 0 ? entry.skip.map((index) => index + 1) : [0];
  return { ...entry, skip, total: null, from: null };
};

const sinceMsOf = ({ counts, dedup }: Shard, nowMs: number): number | null =>
  counts.epoch === null ? null : Math.max(Number(counts.epoch.split("-")[0]), dedup.sinceMs(nowMs));

/** What a shard knows of one event. */
const findIn = (of: Shard, shard: number, dedupKey: string, nowMs: number): StreamSight => {
  const id = of.dedup.entryOf(dedupKey, nowMs);
  if (id === undefined) return { kind: "absent", sinceMs: sinceMsOf(of, nowMs) };
  const entry = of.entries.find((one) => one.id === id);
  if (entry === undefined) return { kind: "left", shard, entry: id };
  return { kind: "held", shard, entry: id, atMs: parseId(id)[0], copied: isCopiedHead(entry.chunk) };
};

/** `server`: which one this is. */
export const createLooks = (of: (shard: number) => Shard, clock: Clock, server: () => number) => ({
  birth: (shard: number) => ({ server: `server ${server()}`, epoch: of(shard).counts.epoch ?? "" }),
  missing: (shard: number, dedupKeys: string): number =>
    dedupKeys.length / DIGEST96_LENGTH - of(shard).dedup.duplicates(dedupKeys, clock.wallMs()).length,
  oldest: (shard: number) => {
    const [first] = of(shard).entries;
    return { nowMs: clock.wallMs(), oldestAtMs: first === undefined ? null : parseId(first.id)[0] };
  },
  /** In the shard that has it; of those that have not, in the one that remembers less. */
  find: (dedupKey: string, asked: readonly number[]): StreamSight => {
    const seen = asked.map((shard) => findIn(of(shard), shard, dedupKey, clock.wallMs()));
    const known = seen.find(({ kind }) => kind === "held") ?? seen.find(({ kind }) => kind === "left");
    if (known !== undefined) return known;
    const since = seen.map((one) => (one.kind === "absent" ? one.sinceMs : null));
    return { kind: "absent", sinceMs: since.includes(null) ? null : Math.max(...since.map(Number)) };
  },
});

export const createDiversions = (of: (shard: number) => Shard) => {
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

export const copyOf = (shard: Shard): Shard => ({
  ...shard,
  entries: [...shard.entries],
  dedup: shard.dedup.copy(),
  marks: shard.marks.copy(),
  counts: { ...shard.counts },
  totals: new Map(shard.totals),
  brought: new Map(shard.brought),
});

const add = (shard: Shard, chunk: ShardChunk, skip: number[], writer: string, nowMs: number): void => {
  const events = chunk.events - skip.length;
  const storedBytes = chunk.chunk.length;
  const id = nextId(shard, nowMs);
  const ref = refOf(id, chunk.chunk);
  const total = (shard.totals.get(writer) ?? 0) + events;
  shard.totals.set(writer, total);
  const from = chunk.rows?.length ? { writer, total, rows: chunk.rows } : { writer, total };
  shard.entries.push({ id, ref, chunk: chunk.chunk, skip, events, total: chunk.events, from, storedBytes });
  shard.dedup.remember(chunk.dedupKeys, skip, id, nowMs);
  shard.counts.accepted += events;
  shard.counts.backlogBytes += storedBytes;
};

/** `epoch`: of the stream, should it be born by this. */
export const appendTo = (
  shard: Shard,
  chunk: ShardChunk,
  limits: StreamLimits,
  nowMs: number,
  epoch: string,
): Appended => {
  const { writer, floor } = chunk.from ?? NOBODY;
  if ((shard.totals.get(writer) ?? 0) < floor) return { kind: "behind" };
  const { accepted, relayed, dead, parked, backlogBytes } = shard.counts;
  if (accepted - relayed - dead - parked >= limits.backlogEventsMax || backlogBytes >= limits.backlogBytesMax)
    return { kind: "full" };
  const duplicates = shard.dedup.duplicates(chunk.dedupKeys, nowMs);
  if (duplicates.length < chunk.events) {
    shard.counts.epoch ??= epoch;
    add(shard, chunk, duplicates, writer, nowMs);
  }
  shard.counts.duplicate += duplicates.length;
  for (const [of, total] of chunk.rows ?? [])
    if (of !== null) shard.brought.set(of, Math.max(total, shard.brought.get(of) ?? 0));
  const own: Total[] = [[writer, shard.totals.get(writer) ?? 0]];
  return { kind: "ok", duplicates, totals: duplicates.length > 0 ? [...shard.totals] : own };
};

export const countsOf = ({ counts, totals, brought, entries }: Shard): ShardCounts => ({
  ...counts,
  totals: [...totals, ...brought],
  isEmpty: counts.epoch !== null && entries.length === 0,
});
