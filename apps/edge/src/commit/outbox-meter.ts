import { type Clock, type OutboxSize, type OutboxTier, Unavailable } from "@spillway/event";
import type { CommitterOptions } from "./committer.ts";

const RETRY_AFTER_SECONDS_MAX = 60;
/**
 * So little is worth a try whatever the rate says: under a steady load the drain moves no more than what comes in, so
 * the measured rate is the load's and not what it could be (a shard stayed diverted for 50 s at 400 events/s: E4).
 */
const LITTLE_EVENTS = 1_000;
/** There is room again when this share of the limit is used: at 100 % the first to come back would fill it. */
const ROOM_AT = 0.95;

/** One measure of the outbox: what waits, and the rate at which it leaves. */
const createLevel = (max: number) => {
  let waiting = 0;
  let insertedSince = 0;
  let drainedPerMs = 0;
  return {
    insert: (amount: number) => {
      insertedSince += amount;
    },
    /** Inserts of other edges look like a slower drain, which errs on the patient side. */
    sampled: (amount: number, elapsedMs: number) => {
      drainedPerMs = Math.max(0, waiting + insertedSince - amount) / elapsedMs;
      waiting = amount;
      insertedSince = 0;
    },
    empty: () => {
      waiting = 0;
      insertedSince = 0;
    },
    isFull: () => waiting + insertedSince >= max,
    drainsWithin: (ms: number) => waiting + insertedSince <= Math.max(LITTLE_EVENTS, drainedPerMs * ms),
    roomInMs: () => {
      const excess = waiting + insertedSince - max * ROOM_AT;
      return excess <= 0 ? 0 : excess / drainedPerMs;
    },
  };
};

/** How much waits in the outbox, and how fast it is drained. Knows it from samples and from our own inserts. */
export const createOutboxMeter = (outbox: OutboxTier, clock: Clock, limits: CommitterOptions) => {
  const events = createLevel(limits.outboxEventsMax);
  const bytes = createLevel(limits.outboxBytesMax);
  let sampledAtMs = Number.NEGATIVE_INFINITY;

  const sizeNow = async (deadlineMs: number): Promise<OutboxSize | null> => {
    try {
      return await outbox.size(deadlineMs);
    } catch (error) {
      if (error instanceof Unavailable) return null;
      throw error;
    }
  };

  return {
    /** Asks for the size. Changes nothing when there is no answer. */
    sample: async (deadlineMs: number): Promise<void> => {
      const size = await sizeNow(deadlineMs);
      if (size === null) return;
      const nowMs = clock.monotonicMs();
      // The first sample has nothing to compare with: by an infinite time, it says how much waits but no rate.
      const elapsedMs = Math.max(1, nowMs - sampledAtMs);
      events.sampled(size.events, elapsedMs);
      bytes.sampled(size.bytes, elapsedMs);
      sampledAtMs = nowMs;
    },
    isSampled: (): boolean => Number.isFinite(sampledAtMs),
    /** To be called for what was inserted, in events and stored bytes. */
    inserted: (eventCount: number, byteCount: number): void => {
      events.insert(eventCount);
      bytes.insert(byteCount);
    },
    /** To be called when nothing of ours waits any more. */
    emptied: (): void => {
      events.empty();
      bytes.empty();
      sampledAtMs = Number.NEGATIVE_INFINITY;
    },
    /** Whether the outbox is at one of its limits. */
    isFull: (): boolean => events.isFull() || bytes.isFull(),
    /** Whether what waits is likely to be drained within `ms` if nothing came in. */
    drainsWithin: events.drainsWithin,
    /** Seconds until the outbox has room, from the measured rate: an integer from 1 to 60. */
    retryAfterSeconds: (): number => {
      const seconds = Math.ceil(Math.max(events.roomInMs(), bytes.roomInMs()) / 1_000);
      return Math.min(RETRY_AFTER_SECONDS_MAX, Math.max(1, seconds));
    },
  };
};
