import type { Ends, InHand } from "./in-hand.ts";

export type WindowOptions = {
  /** How much this shard may hold in memory now. */
  readonly eventsMax: () => number;
  readonly bytesMax: () => number;
  /** Entries that an earlier term of this process saw done and not settled, by ref. */
  readonly confirmed: Map<string, Ends>;
};

/**
 * What is in memory of one shard, and how much that is. State alone: no time, no ports.
 *
 *   keep ─▶ in hand ─done─▶ in hand, its bytes let go of ─left─▶ settled since the read ─readStarts─▶ forgotten
 *             └──────── the term is over: remember ─▶ confirmed, for the next term here
 */
export const createWindow = ({ eventsMax, bytesMax, confirmed }: WindowOptions) => {
  const inHand = new Map<string, InHand>();
  const settledSinceRead = new Set<string>();
  const copied = new Set<string>();
  let events = 0;
  let bytes = 0;
  return {
    get entries() {
      return inHand.size;
    },
    get events() {
      return events;
    },
    get bytes() {
      return bytes;
    },
    /** Ingest time of the oldest. */
    get oldestAtMs() {
      for (const entry of inHand.values()) return entry.receivedAtMs;
      return null;
    },
    /** Never while it is empty, or an entry above the limits would wait for ever. */
    isFull: (): boolean => inHand.size > 0 && (events >= eventsMax() || bytes >= bytesMax()),
    /** In hand, or settled so lately that the answer of a read may be older. */
    knows: (ref: string): boolean => inHand.has(ref) || settledSinceRead.has(ref),
    holdsCopied: (key: string): boolean => copied.has(key),
    keep: (entry: InHand): void => {
      if (inHand.has(entry.ref)) throw new Error(`entry ${entry.id} is in hand already`);
      inHand.set(entry.ref, entry);
      if (entry.copyKey !== null) copied.add(entry.copyKey);
      events += entry.events;
      bytes += entry.dataBytes;
    },
    /** Each of its events is confirmed, dead or parked. */
    done: (entry: InHand): void => {
      if (inHand.get(entry.ref) !== entry) throw new Error(`entry ${entry.id} is done and was not in hand`);
      bytes -= entry.dataBytes;
    },
    /** They left the stream. */
    left: (entries: readonly InHand[]): void => {
      for (const entry of entries) {
        inHand.delete(entry.ref);
        if (entry.copyKey !== null) copied.delete(entry.copyKey);
        settledSinceRead.add(entry.ref);
        events -= entry.events;
      }
    },
    /** What was settled before a read is sent cannot be in its answer. */
    readStarts: (): void => settledSinceRead.clear(),
    /** What became of its events, when an earlier term saw all of them confirmed, dead or parked; forgets it. */
    takeConfirmed: (ref: string): Ends | null => {
      const ends = confirmed.get(ref) ?? null;
      confirmed.delete(ref);
      return ends;
    },
    remember: (entries: readonly InHand[]): void => {
      for (const { ref, dead, parked } of entries) confirmed.set(ref, { dead, parked });
    },
    /** The stream was read to its end: what of it was not seen has left it. */
    forgetConfirmed: (): void => confirmed.clear(),
  };
};

export type Window = ReturnType<typeof createWindow>;
