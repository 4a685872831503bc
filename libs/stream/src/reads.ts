import { type Entry, systemClock, Unavailable } from "@spillway/event";
import type { Connection, RedisServer } from "./connection.ts";
import { entryOf } from "./entry.ts";

/** How much longer than asked a blocking read may take before its connection counts as dead; ms. */
const WATCHDOG_MS = 2000;
/** Who comes so short before the end of the wait of all others joins them at once, and waits with them from then on. */
const JOIN_MS = 20;

/** A read, until it is answered. */
type Reading = {
  readonly shard: number;
  readonly key: string;
  readonly after: string;
  readonly entriesMax: number;
  readonly untilMs: number;
  resolve(entries: readonly Entry[]): void;
  reject(error: unknown): void;
};

type Streams = ReadonlyMap<string, readonly Entry[]>;

const streamsOf = (reply: unknown): Streams => {
  const streams = (reply ?? []) as readonly (readonly [Buffer, unknown[]])[];
  return new Map(
    streams.map(([key, items]) => [String(key), items.map((item) => entryOf(item as [Buffer, Buffer[]]))]),
  );
};

const read = async (
  connection: Connection,
  places: readonly Pick<Reading, "key" | "after">[],
  entriesMax: number,
  waitMs: number,
): Promise<Streams> => {
  // BLOCK 0 means for ever.
  const block = waitMs >= 1 ? ["BLOCK", Math.ceil(waitMs)] : [];
  const keys = places.map(({ key }) => key);
  const words = ["COUNT", entriesMax, ...block, "STREAMS", ...keys, ...places.map(({ after }) => after)];
  return streamsOf(await connection.send((client) => client.callBuffer("xread", ...words), waitMs + WATCHDOG_MS));
};

/** One connection per shard, so that a read that blocks holds up nobody. */
const createReaders = (redis: RedisServer) => {
  const readers = new Map<number, Connection>();
  return (shard: number): Connection => {
    const reader = readers.get(shard) ?? redis.open();
    readers.set(shard, reader);
    return reader;
  };
};

/**
 * The wait of all shards that have nothing: one blocking read of all their streams, since a hosted Redis has each command paid for. Whoever
 * has something is answered, and the others go on waiting.
 */
const createTogether = (redis: RedisServer) => {
  const connection = redis.open();
  let waiting: Reading[] = [];
  let isAsking = false;
  let untilMs = 0;

  const answer = (asked: readonly Reading[], streams: Streams): void => {
    const nowMs = systemClock.monotonicMs();
    for (const reading of asked) {
      const entries = streams.get(reading.key) ?? [];
      if (entries.length > 0 || streams.size === 0 || reading.untilMs <= nowMs) reading.resolve(entries);
      else join(reading);
    }
  };

  const askAll = async (): Promise<void> => {
    const asked = waiting;
    waiting = [];
    untilMs = Math.min(...asked.map((reading) => reading.untilMs));
    const entriesMax = Math.min(...asked.map((reading) => reading.entriesMax));
    try {
      answer(asked, await read(connection, asked, entriesMax, Math.max(1, untilMs - systemClock.monotonicMs())));
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
    isAsking = false;
    start();
  };

  /** In another turn: those who were answered together come back together. */
  const start = (): void => {
    if (isAsking || waiting.length === 0) return;
    isAsking = true;
    setImmediate(() => void askAll());
  };

  const join = (reading: Reading): void => {
    waiting.push(reading);
    start();
  };

  return {
    join,
    /** For how long the others wait yet; 0: whoever joins now waits with all. */
    leftMs: (): number => (isAsking && waiting.length === 0 ? Math.max(0, untilMs - systemClock.monotonicMs()) : 0),
  };
};

/**
 * Reads of streams. Each shard has a connection of its own, so one that is busy is held up by nobody. One whose last read brought
 * nothing waits together with the others of that kind. A Redis Cluster has them in different slots: there each waits alone.
 */
export const createReads = (redis: RedisServer) => {
  const readerOf = createReaders(redis);
  const together = createTogether(redis);
  const quiet = new Set<number>();
  let isCluster = false;

  const alone = async (shard: number, place: Pick<Reading, "key" | "after">, entriesMax: number, waitMs: number) => {
    quiet.delete(shard);
    const entries = (await read(readerOf(shard), [place], entriesMax, waitMs)).get(place.key) ?? [];
    if (entries.length === 0 && waitMs >= 1) quiet.add(shard);
    return entries;
  };

  return async (shard: number, key: string, after: string, entriesMax: number, waitMs: number) => {
    const leftMs = together.leftMs();
    if (isCluster || waitMs < 1 || !quiet.has(shard)) return await alone(shard, { key, after }, entriesMax, waitMs);
    if (leftMs > JOIN_MS) return await alone(shard, { key, after }, entriesMax, Math.min(waitMs, leftMs - JOIN_MS / 2));
    try {
      const untilMs = systemClock.monotonicMs() + waitMs;
      const entries = await new Promise<readonly Entry[]>((resolve, reject) =>
        together.join({ shard, key, after, entriesMax, untilMs, resolve, reject }),
      );
      if (entries.length > 0) quiet.delete(shard);
      return entries;
    } catch (error) {
      quiet.delete(shard);
      isCluster ||= error instanceof Unavailable && error.code === "cross_slot";
      if (!isCluster) throw error;
      return await alone(shard, { key, after }, entriesMax, waitMs);
    }
  };
};
